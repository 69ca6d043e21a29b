public import GatewayCore
public import Primitives
public import Storage

/// The durable history of transactions on disk: the core's records as JSON in an append-only journal, with space kept free for them.
public final class TransactionJournal {
    /// What the journal says, folded.
    public private(set) var restored = TransactionLedger()
    /// Why what was found could not be forced to the device, for people; nil when it was. The core is to be told before anything else that
    /// nothing can be stored.
    public let doubt: String?

    /// A part of the queue that is being read, a slice in each turn of the loop.
    private struct Loading {
        var scan: QueueScan
        var cursor: JournalCursor
    }

    /// A page that somebody wants to see, read in the same way and after what has to be sent.
    private struct Inquiry {
        var query: RecordQuery
        var loading: Loading
    }

    private let store: ResilientJournal
    private let log: (LogRecord) -> Void
    private var loading: Loading?
    /// In their order.
    private var inquiries: [Inquiry] = []
    private var flushDue: Duration?
    private var wantedCompaction: Order?
    private var runningCompaction: Order?
    private var compactionDue: Duration?
    /// When the journal is written anew after a failed sync, or the next slice of that.
    private var rewritingDue: Duration?
    /// A compaction, and the first record that it knows nothing of. It judges by a checkpoint that stands for what was there when it was
    /// ordered; what was appended since then stays, however late the compaction begins.
    private struct Order {
        var compaction: JournalCompaction
        var end: UInt64
    }

    /// Where some messages are: number of the message, number of the record, ascending.
    private var marks: [(message: Int64, record: UInt64)] = []

    /// Reads everything there is.
    /// - Parameters:
    ///   - directory: The state folder; it must exist.
    ///   - files: Where it lies.
    ///   - tryAgain: How long a device is waited for that cannot read.
    ///   - replacesUnreadable: When that is over and not one record could be read, the history is set aside and another begun: the charger
    ///     must not stay closed for ever. Else this fails.
    ///   - log: Gets what was found damaged, and what becomes of a compaction.
    /// - Throws: `StorageError` when another gateway works in the folder, or the device fails. One that nothing can be written to, because it
    ///   is mounted read-only for instance, is read all the same: see `obstacle`.
    public init(
        directory: String,
        files: any FileSystem = KernelFileSystem(),
        tryAgain: @escaping DevicePatience = { _ in false },
        replacesUnreadable: Bool = false,
        log: @escaping (LogRecord) -> Void
    ) throws(StorageError) {
        let reserve = { Self.reserve(directory + "/transactions.reserve", files, tryAgain, log) }
        let options = Journal.Options(
            path: directory + "/transactions.journal",
            magic: "OCPPTXNS",
            formatVersion: 1,
            maximumRecordBytes: 256 << 10
        )
        var restored = TransactionLedger()
        var marks: [(message: Int64, record: UInt64)] = []
        var unreadable = 0
        var newest: UInt64?
        var report = JournalReport()
        store = try ResilientJournal(
            options,
            reserve: reserve,
            files: files,
            tryAgain: tryAgain,
            replacesUnreadable: replacesUnreadable,
            onBegin: {
                restored = TransactionLedger()
                marks = []
                unreadable = 0
                newest = nil
            },
            onRecord: { stored in
                // Numbers leave none out but where records are lost, or where a compaction dropped them before its checkpoint. Unlike the report
                // of the damage, they still say so when this process is killed before it has ended what may be over.
                if let newest, stored.sequence > newest + 1 { restored.missRecords() }
                newest = stored.sequence
                guard let record = RecordText.decode(stored.payload) else {
                    unreadable += 1
                    restored.missRecords()
                    return
                }
                Self.note(record, stored.sequence, in: &marks)
                restored.read(record)
            },
            onOpen: { report = $0 }
        )
        if let newest, store.journal.nextSequence > newest + 1 || report.setAside != nil && report.tornBytes > 0 {
            restored.missRecords()
        }
        if store.missesRecords { restored.missRecords() }
        doubt = report.doubt?.description
        self.log = log
        self.restored = restored
        self.marks = marks
        complain(report, unreadable: unreadable)
    }

    private var journal: Journal { store.journal }

    /// Names of the files in the state folder that hold what could not be read of the history, now or at an earlier start. They are there until
    /// somebody has seen to them.
    public var keptAside: [String] { store.filesKeptAside }

    /// What it has written since it was opened.
    public var written: WriteCounters { journal.written }

    /// Why nothing can be stored, since the folder was found so at the start; nil once it is otherwise. Each append tries.
    public var obstacle: StorageError? { store.obstacle }

    /// The folder can be written again and holds other records than `restored` was made of. Whoever goes by that has to begin anew, and
    /// nothing is stored before.
    public var isAnother: Bool { store.isAnother }

    private func overcomeObstacle() throws(StorageError) {
        guard let report = try store.overcomeObstacle() else { return }
        complain(report, unreadable: 0)
        log(LogRecord(.notice, "the journal can be written again"))
    }

    /// When to call `deadlineReached`.
    public var nextDeadline: Deadline? {
        earliest(
            Deadline(at: flushDue, for: "the journal is forced to disk"),
            earliest(
                Deadline(at: rewritingDue, for: "the journal is written anew"),
                Deadline(at: compactionDue, for: "the journal is compacted"),
                Deadline(at: loading == nil && inquiries.isEmpty ? nil : .zero, for: "the queue is read")
            )
        )
    }

    /// Makes safe from a power cut what waited long enough, and does the next slice of reading or of a compaction.
    /// - Returns: `queueLoaded` or `queueLoadFailed` when the last slice of what `load` began was read; for `read`, `recordsRead` or
    /// `recordsNotRead`.
    public func deadlineReached(at uptime: Duration) -> GatewayEvent? {
        if let due = flushDue, due <= uptime {
            flushDue = nil
            // After a failed sync a flush would write everything anew, in one go.
            if journal.isDoubtful { rewriteIfDoubtful(at: uptime) } else { flush(at: uptime) }
        }
        if let due = rewritingDue, due <= uptime { continueRewriting(at: uptime) }
        if loading != nil { return continueLoading() }
        if !inquiries.isEmpty { return continueInquiry() }
        if let due = compactionDue, due <= uptime { continueCompaction(at: uptime) }
        return nil
    }

    /// Appends the records; they and everything before them are safe to the degree asked for when this returns.
    /// - Throws: `StorageError`; none of them is there then.
    public func append(
        _ records: [GatewayCore.JournalRecord],
        _ durability: GatewayCore.Durability,
        at uptime: Duration
    ) throws(StorageError) {
        defer { rewriteIfDoubtful(at: uptime) }
        try overcomeObstacle()
        guard !records.isEmpty else {
            if durability == .synced, journal.needsFlush { try journal.flush() }
            flushDue = journal.needsFlush ? flushDue : nil
            return
        }
        let payloads = records.map(RecordText.encode)
        // Samples must not use up the space that is kept free for begins and ends.
        let isExpendable = records.allSatisfy(\.isExpendable)
        let first = try journal.append(
            contentsOf: payloads,
            durability: durability == .synced ? .immediate : .batched,
            mayUseReserve: !isExpendable
        )
        for (index, record) in records.enumerated() { Self.note(record, first + UInt64(index), in: &marks) }
        flushDue = journal.needsFlush ? flushDue ?? uptime + Self.flushAfter : nil
    }

    /// Reads a part of the queue: at most 256 records and 64 KiB now, and as much in each `deadlineReached`, because the answer may stand
    /// behind a hundred thousand records. What an earlier call asked for and has not got yet is given up.
    /// - Returns: `queueLoaded` or `queueLoadFailed` when one slice was enough.
    public func load(_ query: QueueQuery) -> GatewayEvent? {
        loading = begin(query)
        return continueLoading()
    }

    private func begin(_ query: QueueQuery) -> Loading {
        let mark = query.throughEnd ? nil : marks.last { $0.message <= query.afterSequence + 1 }
        return Loading(scan: QueueScan(query), cursor: JournalCursor(from: mark?.record ?? 1))
    }

    /// Reads a page for somebody to see, by slices as `load` does, and one page after the other.
    /// - Returns: `recordsNotRead` when too many wait already; else the answer comes from `deadlineReached`.
    public func read(_ query: RecordQuery) -> GatewayEvent? {
        guard inquiries.count < Self.mostInquiries else {
            return .recordsNotRead(query, reason: "too many ask at once")
        }
        inquiries.append(Inquiry(query: query, loading: begin(query.query)))
        return nil
    }

    private func continueInquiry() -> GatewayEvent? {
        var inquiry = inquiries.removeFirst()
        do throws(StorageError) {
            guard try advance(&inquiry.loading) else {
                inquiries.insert(inquiry, at: 0)
                return nil
            }
        } catch {
            return .recordsNotRead(inquiry.query, reason: error.description)
        }
        return .recordsRead(inquiry.query, inquiry.loading.scan.entries)
    }

    /// Reads one slice. Returns whether everything wanted was found, or there is no more.
    private func advance(_ loading: inout Loading) throws(StorageError) -> Bool {
        for stored in try journal.readSlice(&loading.cursor) {
            if let record = RecordText.decode(stored.payload) { loading.scan.read(record) }
        }
        return loading.scan.isComplete || loading.cursor.isAtEnd
    }

    private func continueLoading() -> GatewayEvent? {
        guard var slice = loading else { return nil }
        loading = nil
        do throws(StorageError) {
            guard try advance(&slice) else {
                loading = slice
                return nil
            }
        } catch {
            return .charging(.queueLoadFailed(reason: error.description))
        }
        return .charging(.queueLoaded(slice.scan.entries))
    }

    /// Rewrites the journal without what nobody needs any more, a slice in each turn of the loop. May fail without harm: it is tried
    /// again later, when there may be room.
    public func compact(_ compaction: JournalCompaction, at uptime: Duration) {
        wantedCompaction = Order(compaction: compaction, end: journal.nextSequence)
        compactionDue = uptime
    }

    private func continueCompaction(at uptime: Duration) {
        compactionDue = nil
        do throws(StorageError) {
            if let wanted = wantedCompaction {
                try journal.beginCompaction { stored in
                    // What cannot be read now may be readable for a later version.
                    guard stored.sequence < wanted.end, let record = RecordText.decode(stored.payload) else {
                        return stored.payload
                    }
                    return wanted.compaction.keeps(record) ? stored.payload : nil
                }
                runningCompaction = wanted
                wantedCompaction = nil
            }
            guard try journal.continueCompaction() else {
                compactionDue = uptime
                return
            }
            runningCompaction = nil
            tellMoved()
            log(LogRecord(.info, "journal compacted", .init("bytes", journal.fileBytes)))
        } catch {
            log(LogRecord(.warning, "the journal was not compacted", .init("reason", error)))
            wantedCompaction = wantedCompaction ?? runningCompaction
            runningCompaction = nil
            compactionDue = uptime + Self.retryCompactionAfter
        }
    }

    /// After a failed sync nothing can be trusted that is not written anew. That is done in slices as well: it takes as long as a
    /// compaction, and only what has to be safe at once cannot wait for it.
    private func rewriteIfDoubtful(at uptime: Duration) {
        rewritingDue = journal.isDoubtful ? rewritingDue ?? uptime : nil
    }

    private func continueRewriting(at uptime: Duration) {
        rewritingDue = nil
        // A compaction under way serves as well.
        guard journal.isDoubtful, runningCompaction == nil else { return }
        do throws(StorageError) {
            try journal.beginRewriting()
            if try journal.continueCompaction() { return tellMoved() }
            rewritingDue = uptime
        } catch {
            log(LogRecord(.error, "the journal could not be written anew", .init("reason", error)))
            rewritingDue = uptime + Self.flushAfter
        }
    }

    private func tellMoved() {
        for entry in journal.takeSetAsides() { log(LogRecord(.error, "\(entry)")) }
    }

    /// Makes everything safe from a power cut.
    public func flush(at uptime: Duration) {
        defer { rewriteIfDoubtful(at: uptime) }
        flushDue = nil
        do throws(StorageError) {
            try journal.flush()
        } catch {
            log(LogRecord(.error, "the journal could not be forced to disk", .init("reason", error)))
            flushDue = uptime + Self.flushAfter
        }
    }

    /// Room that is held for begins and ends. Without it a full disk loses sooner what cannot be stored; nothing else depends on it.
    private static func reserve(
        _ path: String,
        _ files: any FileSystem,
        _ tryAgain: DevicePatience,
        _ log: (LogRecord) -> Void
    ) -> SpaceReserve? {
        do throws(StorageError) {
            let reserve = try SpaceReserve(path: path, files: files, tryAgain: tryAgain)
            if let moved = reserve.moved { log(LogRecord(.warning, "\(moved)")) }
            return reserve
        } catch {
            log(LogRecord(.warning, "no space is held free for transactions", .init("reason", error)))
            return nil
        }
    }

    private func complain(_ report: JournalReport, unreadable: Int) {
        for moved in report.moved { log(LogRecord(.warning, "\(moved)")) }
        if let setAside = report.setAside { log(LogRecord(.error, "\(setAside)")) }
        if !report.damage.isEmpty {
            log(LogRecord(.error, "the journal was damaged", .init("places", report.damage.count)))
        }
        if report.tornBytes > 0 {
            log(
                LogRecord(
                    .notice,
                    "an unfinished record was cut off",
                    .init("bytes", report.tornBytes),
                    .init("keptAs", report.cutKeptAs ?? "")
                )
            )
        }
        if unreadable > 0 {
            log(LogRecord(.error, "records of the journal are not understood", .init("count", unreadable)))
        }
    }

    /// Remembers every 64th message, so that reading on costs no search through the whole file.
    private static func note(
        _ record: GatewayCore.JournalRecord,
        _ number: UInt64,
        in marks: inout [(message: Int64, record: UInt64)]
    ) {
        guard let message = record.sequence, message >= (marks.last?.message ?? -64) + 64 else { return }
        marks.append((message, number))
    }

    /// Pages that may wait to be read.
    private static let mostInquiries = 8
    /// How long a record that need not be durable at once may wait for the disk.
    private static let flushAfter: Duration = .seconds(15)
    /// How long a compaction that failed, for want of room most likely, rests.
    private static let retryCompactionAfter: Duration = .seconds(300)
}
