import BusSchema
import Primitives

/// The durable history as the machine may rely on it: the ledger of all records, and what a disk that refuses is still owed.
///
/// A failed write is a thing that did not happen: the owner is put back to what it was before, then `refused` is told, then the same event
/// comes again. From then on, until the next attempt, records are not ordered: what must not be lost is kept here, what is worth a line on
/// a disk but not the memory of a broken one is dropped, and nothing begins.
struct RecordBook: Equatable, Sendable {
    private enum Disk: Equatable {
        case works
        /// A write failed; the next is tried at `retryAt`. `reason` is for people.
        case refuses(reason: String, retryAt: Duration)
    }

    private static let retryAfter = Duration.seconds(5)
    /// A disk that takes the next attempt was only busy.
    private static let longRefusal = Duration.seconds(10)
    /// So long after a failure every record is worth the space that is kept free for the important ones.
    private static let troubleLasts = Duration.seconds(600)
    /// Delivered messages that may lie in the journal before it is made shorter.
    private static let compactionThreshold: Int64 = 2000
    private static let compactionRetryAfter = Duration.seconds(60)
    /// A message that nothing else forces to the disk waits so long for it: flash wears out.
    private static let syncAfter = Duration.seconds(5)

    private(set) var ledger: TransactionLedger
    private var disk = Disk.works
    /// Records that the ledger has and the disk has not, in order.
    private var owed: [JournalRecord] = []
    private var failedAt: Duration?
    /// Since when it refuses every write.
    private var refusesSince: Duration?
    /// Messages up to this one survive a power cut. Only they are sent: what the central system was told must not be forgotten here.
    private(set) var syncedThrough: Int64
    /// When the others are forced to the disk; nil when there are none.
    private var syncDue: Duration?
    /// `deliveredThrough` of the last compaction, and of the one before it, which counts again when that fails.
    private var compactedThrough: (now: Int64, before: Int64)
    /// A compaction failed: not tried again before.
    private var compactionWaitsUntil = Duration.zero
    /// What meter values may take.
    private var samples = SampleBudget()
    /// Files that hold what could not be read of the journal, and wait for a person.
    var keptAside: [String] = []

    init(_ restored: TransactionLedger) {
        ledger = restored
        compactedThrough = (restored.deliveredThrough, restored.deliveredThrough)
        // What was found at the start was forced to the disk before it was read.
        syncedThrough = restored.lastSequence
    }

    static func == (left: RecordBook, right: RecordBook) -> Bool {
        left.ledger == right.ledger && left.disk == right.disk && left.owed == right.owed
            && left.failedAt == right.failedAt && left.refusesSince == right.refusesSince
            && left.syncedThrough == right.syncedThrough
            && left.syncDue == right.syncDue
            && left.compactedThrough == right.compactedThrough
            && left.compactionWaitsUntil == right.compactionWaitsUntil
            && left.samples == right.samples
            && left.keptAside == right.keptAside
    }

    /// Why the disk takes nothing, for people; nil while it does.
    var fault: String? {
        guard case .refuses(let reason, _) = disk else { return nil }
        return reason
    }

    /// What people should know of the disk; nil while there is nothing.
    var trouble: String? {
        if let fault { return fault }
        guard let first = keptAside.first else { return nil }
        let others = keptAside.count > 1 ? " and \(keptAside.count - 1) more" : ""
        return "bills may be missing: what could not be read is kept as \(first)\(others) in the state folder; "
            + "move it elsewhere once you have seen to it"
    }

    /// Whether something may begin that needs a record on disk first.
    var takesRecords: Bool { disk == .works }

    /// Whether everything that the ledger has is on disk, so that messages about it may be sent and what was delivered can be marked so.
    var isComplete: Bool { takesRecords && owed.isEmpty }

    /// Whether meter values may be stored now, so many in one set; then they count as stored.
    mutating func takesSample(of values: Int, in stream: SampleBudget.Stream, at uptime: Duration) -> Bool {
        takesRecords && samples.takes(values: values, of: stream, waiting: ledger.undelivered, at: uptime)
    }

    /// The disk has everything that it was given and that must not be lost.
    var owesNothing: Bool { owed.isEmpty }

    /// The disk has refused everything for so long that it is no passing trouble.
    func refusesForLong(at uptime: Duration) -> Bool {
        refusesSince.map { uptime - $0 >= Self.longRefusal } ?? false
    }

    /// A write failed lately.
    func isTroubled(at uptime: Duration) -> Bool { failedAt.map { uptime - $0 < Self.troubleLasts } ?? false }

    var nextDeadline: Deadline? {
        switch disk {
        case .refuses(_, let retryAt): Deadline(at: retryAt, for: "the disk is tried again")
        case .works: Deadline(at: syncDue, for: "messages are forced to the disk")
        }
    }

    /// The disk refuses, and is to be tried again.
    func isRetryDue(at uptime: Duration) -> Bool {
        guard case .refuses(_, let retryAt) = disk else { return false }
        return retryAt <= uptime
    }

    /// Messages have waited long enough for a write that would have forced them to the disk along with it.
    func isSyncDue(at uptime: Duration) -> Bool { takesRecords && syncDue.map { $0 <= uptime } ?? false }

    /// A write of that durability was ordered, with everything that the ledger has.
    mutating func ordered(_ durability: Durability, at uptime: Duration) {
        refusesSince = nil
        if durability == .synced {
            syncedThrough = ledger.lastSequence
            syncDue = nil
        } else if syncedThrough < ledger.lastSequence, syncDue == nil {
            syncDue = uptime + Self.syncAfter
        }
    }

    /// Enters a record into the ledger. Returns whether it is to be written now; false while the disk refuses.
    mutating func enter(_ record: JournalRecord) -> Bool {
        guard !takesRecords else {
            ledger.read(record)
            return true
        }
        switch record {
        case .began, .sampled, .checkpoint, .unknown:
            break  // Nothing begins without the disk, and a missed sample is no loss of energy.
        case .registerRead, .attempted:
            ledger.read(record)
        case .stopping, .ended, .resumed, .assigned, .delivered, .deadLettered, .requeued, .availabilitySet, .released,
            .bootStart:
            ledger.read(record)
            owed.append(record)
        }
        return false
    }

    /// The disk refused the write of an event that will come again.
    mutating func refused(reason: String, at uptime: Duration) {
        disk = .refuses(reason: reason, retryAt: uptime + Self.retryAfter)
        failedAt = uptime
        refusesSince = refusesSince ?? uptime
    }

    /// Once the time has come, believes in the disk again. Returns what it is owed; the owner writes something in any case, which fails and
    /// makes this value never have been when the belief was wrong.
    mutating func retry(at uptime: Duration) -> [JournalRecord] {
        guard isRetryDue(at: uptime) else { return [] }
        disk = .works
        defer { owed = [] }
        return owed
    }

    /// A compaction that is worth its writes now: much was delivered, or the disk refused and may be full of it.
    mutating func compactionIfWorthwhile(afterFailure: Bool, at uptime: Duration) -> JournalCompaction? {
        guard takesRecords, compactionWaitsUntil <= uptime else { return nil }
        let spent = ledger.deliveredThrough - compactedThrough.now
        guard afterFailure ? spent > 0 : spent >= Self.compactionThreshold && spent > Int64(ledger.undelivered) else {
            return nil
        }
        compactedThrough = (ledger.deliveredThrough, compactedThrough.now)
        return JournalCompaction(ledger)
    }

    /// The journal was not made shorter: tried again in a while.
    mutating func compactionFailed(at uptime: Duration) {
        compactedThrough.now = compactedThrough.before
        compactionWaitsUntil = uptime + Self.compactionRetryAfter
    }

    /// Messages up to `sequence` are missing in the journal: damage, or a disk of another time.
    mutating func skipMissing(through sequence: Int64) { ledger.deliveredThrough = sequence }

    /// What is out of service has a document of its own; what older versions kept in the journal does not count any more.
    mutating func availabilityIsSaved() { ledger.inoperative = [] }

    /// A message that was put back is not sent after all: it is not in the journal, or has nothing new to say.
    mutating func forgetRequeued(_ sequence: Int64) { ledger.requeued.remove(sequence) }
}
