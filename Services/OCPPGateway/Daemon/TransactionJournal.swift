import EventLoop
import GatewayCore
import JSON
import Log
import Primitives
import Storage

/// The durable history of transactions on disk: the core's records as JSON in an append-only journal, with space kept free for them.
final class TransactionJournal {
    /// What the journal says, folded.
    private(set) var restored = TransactionLedger()

    private let journal: Journal
    private let log: Log
    private let loop: EventLoop
    private var deadlines: DeadlineSource?
    private var flushDue: Duration?
    /// Where some messages are: number of the message, number of the record, ascending.
    private var marks: [(message: Int64, record: UInt64)] = []

    /// Reads everything there is.
    /// - Throws: `StorageError` when the folder cannot be used or another gateway works in it.
    init(directory: String, loop: EventLoop, log: Log) throws(StorageError) {
        let reserve = try SpaceReserve(path: directory + "/transactions.reserve")
        let options = Journal.Options(
            path: directory + "/transactions.journal",
            magic: "OCPPTXNS",
            formatVersion: 1,
            maximumRecordBytes: 256 << 10
        )
        var restored = TransactionLedger()
        var marks: [(message: Int64, record: UInt64)] = []
        var unreadable = 0
        let (journal, report) = try Journal.open(options, reserve: reserve) { stored in
            guard let record = Self.decode(stored.payload) else {
                unreadable += 1
                return
            }
            Self.note(record, stored.sequence, in: &marks)
            restored.read(record)
        }
        self.journal = journal
        self.loop = loop
        self.log = log
        self.restored = restored
        self.marks = marks
        complain(report, unreadable: unreadable)
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: flushDue, for: "the journal is forced to disk") },
            fire: { [unowned self] _ in flush() }
        )
    }

    /// Appends the records; safe to the degree asked for when this returns.
    /// - Throws: `StorageError`; none of them is there then.
    func append(_ records: [GatewayCore.JournalRecord], _ durability: GatewayCore.Durability) throws(StorageError) {
        let payloads = records.map(Self.encode)
        // Samples must not use up the space that is kept free for begins and ends.
        let isExpendable = records.allSatisfy(\.isExpendable)
        let first = try journal.append(
            contentsOf: payloads,
            durability: durability == .synced && !isExpendable ? .immediate : .batched
        )
        for (index, record) in records.enumerated() { Self.note(record, first + UInt64(index), in: &marks) }
        if durability == .synced, isExpendable { return flush() }
        flushDue = journal.needsFlush ? flushDue ?? EventLoop.uptime() + Self.flushAfter : nil
    }

    /// Reads a part of the queue.
    /// - Throws: `StorageError.system` when the file cannot be read.
    func load(_ query: QueueQuery) throws(StorageError) -> [QueueEntry] {
        var scan = QueueScan(query)
        let mark = query.throughEnd ? nil : marks.last { $0.message <= query.afterSequence + 1 }
        var next = mark?.record ?? 1
        while !scan.isComplete {
            let batch = try journal.read(from: next, limit: Self.batch)
            for stored in batch {
                if let record = Self.decode(stored.payload) { scan.read(record) }
            }
            guard batch.count == Self.batch || journal.nextSequence > (batch.last?.sequence ?? .max) + 1,
                let last = batch.last
            else { break }
            next = last.sequence + 1
        }
        return scan.entries
    }

    /// Rewrites the journal without what nobody needs any more. May fail without harm.
    func compact(_ compaction: JournalCompaction) {
        do throws(StorageError) {
            let before = journal.fileBytes
            try journal.compact { stored in
                // What cannot be read now may be readable for a later version.
                guard let record = Self.decode(stored.payload) else { return stored.payload }
                return compaction.keeps(record) ? stored.payload : nil
            }
            log.write(
                LogRecord(.info, "journal compacted", .init("bytesBefore", before), .init("bytes", journal.fileBytes))
            )
        } catch {
            log.write(LogRecord(.warning, "the journal was not compacted", .init("reason", error)))
        }
    }

    /// Makes everything safe from a power cut.
    func flush() {
        flushDue = nil
        do throws(StorageError) {
            try journal.flush()
        } catch {
            log.write(LogRecord(.error, "the journal could not be forced to disk", .init("reason", error)))
            flushDue = EventLoop.uptime() + Self.flushAfter
        }
    }

    private func complain(_ report: JournalReport, unreadable: Int) {
        if let setAside = report.setAside { log.write(LogRecord(.error, "\(setAside)")) }
        if !report.damage.isEmpty {
            log.write(LogRecord(.error, "the journal was damaged", .init("places", report.damage.count)))
        }
        if report.tornBytes > 0 {
            log.write(LogRecord(.notice, "an unfinished record was cut off", .init("bytes", report.tornBytes)))
        }
        if unreadable > 0 {
            log.write(LogRecord(.error, "records of the journal are not understood", .init("count", unreadable)))
        }
    }

    // MARK: - Records

    private static func encode(_ record: GatewayCore.JournalRecord) -> [UInt8] {
        do throws(EncodingError) {
            return try JSON.encode(record)
        } catch {
            preconditionFailure("Every record can be written: none holds a number that JSON lacks.")
        }
    }

    private static func decode(_ payload: [UInt8]) -> GatewayCore.JournalRecord? {
        // The caller counts what cannot be read; why is of no use to anybody there.
        try? JSON.decode(GatewayCore.JournalRecord.self, from: payload)
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

    private static let batch = 256
    /// How long a record that need not be durable at once may wait for the disk.
    private static let flushAfter: Duration = .seconds(15)
}
