import BusSchema
import Primitives

/// The part of the queue that is in memory. The queue itself is the journal; its length is not limited by memory.
struct QueueWindow: Equatable, Sendable {
    /// Reading a part of the journal.
    private enum Reading: Equatable {
        case idle
        /// The order is out; other events may come before its answer.
        case underWay(QueueQuery)
        /// It failed; tried again then.
        case waiting(until: Duration)
    }

    /// Most messages in memory.
    static let limit = 64
    private static let reloadAfter = Duration.seconds(10)

    /// Ascending; every message from the head of the queue to `loadedThrough`.
    private var entries: [QueueEntry] = []
    private var loadedThrough: Int64
    /// Dead letters that were put back, loaded apart because they are older than everything else.
    private var resends: [QueueEntry] = []
    private var reading = Reading.idle

    init(_ ledger: TransactionLedger) { loadedThrough = ledger.deliveredThrough }

    var nextDeadline: Deadline? {
        guard case .waiting(let until) = reading else { return nil }
        return Deadline(at: until, for: "the journal is read again")
    }

    /// Event time of the oldest message in memory.
    var oldest: EventTime? { (resends.first ?? entries.first)?.time }

    /// The message whose turn it is. What was put back goes before everything newer, in its own order too: while the oldest of it is not in
    /// memory, nothing has its turn.
    func first(_ ledger: TransactionLedger) -> QueueEntry? {
        guard let oldest = ledger.requeued.first else { return entries.first }
        return resends.first?.sequence == oldest ? resends.first : nil
    }

    mutating func deadlineReached(at uptime: Duration) {
        if case .waiting(let until) = reading, until <= uptime { reading = .idle }
    }

    /// New messages, in the journal's order.
    mutating func append(_ new: [QueueEntry], _ ledger: TransactionLedger) {
        for var entry in new {
            // Only what directly follows may join; the rest is on disk.
            guard loadedThrough >= entry.sequence - 1, entries.count < Self.limit else { continue }
            entry.assigned = ledger.assigned[entry.transaction]
            entries.append(entry)
            loadedThrough = max(loadedThrough, entry.sequence)
        }
    }

    /// The answer to StartTransaction is known to the messages that need it.
    mutating func fill(_ assigned: Assigned) {
        for index in entries.indices where entries[index].transaction == assigned.transaction {
            entries[index].assigned = assigned
        }
        for index in resends.indices where resends[index].transaction == assigned.transaction {
            resends[index].assigned = assigned
        }
    }

    mutating func drop(_ sequence: Int64) {
        entries.removeAll { $0.sequence == sequence }
        resends.removeAll { $0.sequence == sequence }
    }

    /// Asks for messages when those in memory run out. Offline too: people want to know how old the oldest is.
    mutating func loadIfNeeded(_ turn: inout ChargingTurn) {
        // What the disk is still owed would look lost there.
        guard reading == .idle, turn.book.isComplete else { return }
        let ledger = turn.ledger
        if let first = ledger.requeued.first, resends.first?.sequence != first {
            read(QueueQuery(afterSequence: first - 1, limit: Self.limit, throughEnd: true), &turn)
        } else if entries.isEmpty, loadedThrough < ledger.lastSequence {
            read(QueueQuery(afterSequence: loadedThrough, limit: Self.limit), &turn)
        }
    }

    private mutating func read(_ query: QueueQuery, _ turn: inout ChargingTurn) {
        reading = .underWay(query)
        turn.add(.loadQueue(query))
    }

    mutating func loaded(_ found: [QueueEntry], _ turn: inout ChargingTurn) {
        guard case .underWay(let query) = reading else { return }
        reading = .idle
        // Dead letters may have been put back, or given up again, since the order went out: the answer is to what was asked then.
        if query.throughEnd {
            loadedResends(found, after: query.afterSequence, &turn)
        } else {
            loadedNext(found, &turn)
        }
    }

    private mutating func loadedResends(_ found: [QueueEntry], after sequence: Int64, _ turn: inout ChargingTurn) {
        let requeued = turn.ledger.requeued
        // One that was put back meanwhile and is older was not looked for, and must not be overtaken: they are read again.
        guard let first = requeued.first, first > sequence else { return }
        resends = found.filter { requeued.contains($0.sequence) }
        for index in resends.indices {
            resends[index].wasTold = turn.ledger.endsWithoutStart.contains(resends[index].sequence)
        }
        let isCovered = found.count < Self.limit || found.last.map { first <= $0.sequence } ?? true
        if isCovered { forgetMissing(before: resends.first?.sequence ?? first + 1, &turn) }
        forgetRepetitions(&turn)
    }

    /// What was looked for and not found.
    private func forgetMissing(before found: Int64, _ turn: inout ChargingTurn) {
        while let missing = turn.ledger.requeued.first, missing < found {
            turn.log(.fault, "a dead letter is not in the journal", .init("sequence", missing))
            turn.book.forgetRequeued(missing)
        }
    }

    /// An end that was told with the id -1 has nothing new to say while its start stays a dead letter.
    private mutating func forgetRepetitions(_ turn: inout ChargingTurn) {
        for entry in resends where entry.wasTold && turn.ledger.startIsDeadLetter(of: entry) {
            resends.removeAll { $0.sequence == entry.sequence }
            turn.book.forgetRequeued(entry.sequence)
        }
    }

    private mutating func loadedNext(_ found: [QueueEntry], _ turn: inout ChargingTurn) {
        let ledger = turn.ledger
        for var entry in found where entry.sequence > loadedThrough {
            entry.assigned = ledger.assigned[entry.transaction] ?? entry.assigned
            entries.append(entry)
            loadedThrough = entry.sequence
        }
        // What the disk is still owed is no loss: it is looked for when it is there.
        guard entries.isEmpty, loadedThrough < ledger.lastSequence, turn.book.isComplete else { return }
        // Damage to the journal, which is reported with its place when it is opened.
        turn.log(.warning, "messages are not in the journal", .init("after", loadedThrough))
        loadedThrough = ledger.lastSequence
        turn.book.skipMissing(through: loadedThrough)
    }

    mutating func loadFailed(_ reason: String, _ turn: inout ChargingTurn) {
        guard case .underWay = reading else { return }
        reading = .waiting(until: turn.uptime + Self.reloadAfter)
        turn.log(.error, "the journal cannot be read", .init("reason", reason))
    }
}
