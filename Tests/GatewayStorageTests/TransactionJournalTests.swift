import BusSchema
import GatewayStorage
import Glibc
import JSON
import OCPP
import Primitives
import SimulatedDisk
import Storage
import Testing

@testable import GatewayCore

@Suite struct TransactionJournalTests {
    private let disk = SimulatedDisk(seed: 1)
    /// May be given up on a full disk, so that the reserve is not for it.
    private let expendable = [GatewayCore.JournalRecord.unknown(kind: "later")]
    private let needed = [GatewayCore.JournalRecord.requeued(Requeued())]

    private func open() throws(StorageError) -> TransactionJournal {
        try TransactionJournal(directory: "/state", files: disk, log: { _ in })
    }

    @Test func anExpendableRecordWhoseSyncFailsIsNotAcknowledged() throws {
        let journal = try open()
        disk.plan(DiskFault(call: 1, kinds: [.syncData], effect: .error(Errno(EIO))))
        #expect(throws: StorageError.self) { try journal.append(expendable, .synced, at: .zero) }
        // Nothing of it remains, so that it may be tried again.
        try journal.append(expendable, .synced, at: .zero)
        let text = String(decoding: disk.durableContents("/state/transactions.journal") ?? [], as: UTF8.self)
        #expect(text.split(separator: "later", omittingEmptySubsequences: false).count == 2)
    }

    private func began(_ sequence: Int64) -> GatewayCore.JournalRecord {
        .began(
            Began(
                sequence: sequence,
                messageId: "m\(sequence)",
                transaction: "t\(sequence)",
                connectorId: 1,
                idTag: "CARD",
                meterStartWh: 0,
                time: EventTime(utc: 0, boot: nil, uptime: 0),
                boot: "boot"
            )
        )
    }

    @Test func theQueueIsReadASliceInEachTurnHoweverMuchLiesBeforeIt() throws {
        let journal = try open()
        try journal.append([began(1)], .synced, at: .zero)
        let filler = [GatewayCore.JournalRecord](repeating: .requeued(Requeued()), count: 500)
        for _ in 0..<20 { try journal.append(filler, .written, at: .zero) }
        try journal.append([began(2)], .synced, at: .zero)
        let query = QueueQuery(afterSequence: 0, limit: 64, throughEnd: true)
        var turns = 1
        var reads = disk.calls[.read] ?? 0
        var answer = journal.load(query)
        while answer == nil, turns < 1000 {
            // One window of the file, or two where a slice lies across its end.
            #expect((disk.calls[.read] ?? 0) - reads <= 2)
            reads = disk.calls[.read] ?? 0
            #expect(journal.nextDeadline?.at == .zero)
            answer = journal.deadlineReached(at: .zero)
            turns += 1
            // What is appended while it is read is found, too.
            if turns == 5 { try journal.append([began(3)], .synced, at: .zero) }
        }
        #expect(turns >= 10_000 / 256)
        guard case .charging(.queueLoaded(let entries)) = answer else {
            Issue.record("expected a part of the queue, found \(String(describing: answer))")
            return
        }
        #expect(entries.map(\.sequence) == [1, 2, 3])
        #expect(journal.nextDeadline?.at != .zero)
    }

    /// A slice is 256 records, and a reading may end with one: for every count, also the multiples, it ends and finds everything, and what
    /// is opened again is what was written.
    @Test func everyCountOfRecordsIsLoadedAndRestored() throws {
        var journal = try open()
        for count in 0...1024 {
            if count > 0 { try journal.append([began(Int64(count))], .written, at: .zero) }
            for throughEnd in [false, true] {
                let query = QueueQuery(afterSequence: 0, limit: 2000, throughEnd: throughEnd)
                let found = loaded(query, from: journal)
                #expect(found?.count == count && found?.last.map { $0 == Int64(count) } ?? (count == 0))
            }
            // The end of the queue, from the mark before it.
            let newest = QueueQuery(afterSequence: Int64(max(0, count - 1)), limit: 64)
            #expect(loaded(newest, from: journal)?.count == min(1, count))
            guard count % 256 <= 1 || count % 256 == 255 else { continue }
            try journal.append([], .synced, at: .zero)
            disk.killProcesses()
            journal = try open()
            #expect(journal.restored.lastSequence == Int64(count))
        }
    }

    /// The numbers of what `load` finds; nil when it does not end in the turns that so many records may take.
    private func loaded(_ query: QueueQuery, from journal: TransactionJournal) -> [Int64]? {
        var answer = journal.load(query)
        for _ in 0..<8 where answer == nil { answer = journal.deadlineReached(at: .zero) }
        guard case .charging(.queueLoaded(let entries)) = answer else { return nil }
        return entries.map(\.sequence)
    }

    /// A dead letter that is put back lies before everything else, whatever number of records follows it.
    @Test(arguments: [254, 255, 256, 257, 510, 511, 512, 513, 767, 768, 769, 1022, 1023, 1024])
    func aResendIsReadThroughAnyCountOfRecords(count: Int) throws {
        let journal = try open()
        try journal.append([began(1)], .synced, at: .zero)
        try journal.append(
            [.deadLettered(DeadLettered(sequence: 1, transaction: "t1", isStop: false))],
            .synced,
            at: .zero
        )
        try journal.append(
            [GatewayCore.JournalRecord](repeating: .unknown(kind: "later"), count: count - 3),
            .written,
            at: .zero
        )
        try journal.append(needed, .synced, at: .zero)
        disk.killProcesses()
        let again = try open()
        let requeued = again.restored.requeued
        #expect(requeued.first == 1 && requeued.count == 1)
        let query = QueueQuery(afterSequence: 0, limit: 64, throughEnd: true)
        #expect(loaded(query, from: again) == [1])
    }

    private func page(_ number: Int, after: Int64) throws -> RecordQuery {
        var ledger = TransactionLedger()
        for number in 1...1000 { ledger.read(began(Int64(number))) }
        return try #require(RecordQuery(number, ReadRecords(after: after, limit: 3), ledger))
    }

    /// Whoever looks at old messages stands behind what has to be sent, and neither costs a turn of the loop more than a slice.
    @Test func aPageIsReadInSlicesBehindTheQueue() throws {
        let journal = try open()
        try journal.append((1...1000).map { began(Int64($0)) }, .synced, at: .zero)
        #expect(journal.read(try page(1, after: 990)) == nil)
        #expect(journal.read(try page(2, after: 0)) == nil)
        let queue = journal.load(QueueQuery(afterSequence: 0, limit: 600))
        var events = queue.map { [$0] } ?? []
        var reads = disk.calls[.read] ?? 0
        while journal.nextDeadline?.at == .zero, events.count < 10 {
            if let event = journal.deadlineReached(at: .zero) { events.append(event) }
            #expect((disk.calls[.read] ?? 0) - reads <= 2)
            reads = disk.calls[.read] ?? 0
        }
        let order = events.map { event -> Int in
            switch event {
            case .charging(.queueLoaded(let entries)): entries.count
            case .recordsRead(let query, let entries) where query.number == 1: Int(entries[0].sequence)
            case .recordsRead(_, let entries): Int(entries[0].sequence)
            default: -1
            }
        }
        #expect(order == [600, 991, 1])
    }

    @Test func tooManyPagesAtOnceAreRefused() throws {
        let journal = try open()
        try journal.append([began(1)], .synced, at: .zero)
        for number in 1...8 { #expect(journal.read(try page(number, after: 0)) == nil) }
        guard case .recordsNotRead(let query, _) = journal.read(try page(9, after: 0)) else {
            Issue.record("the ninth must be refused")
            return
        }
        #expect(query.number == 9)
        disk.plan(DiskFault(call: 1, kinds: [.read], effect: .error(Errno(EIO)), lasting: .fromThenOn))
        guard case .recordsNotRead(let failed, _) = journal.deadlineReached(at: .zero) else {
            Issue.record("a disk that cannot read must be told of")
            return
        }
        #expect(failed.number == 1)
    }

    @Test func anUnreadableJournalEndsTheReadingWithItsReason() throws {
        let journal = try open()
        try journal.append([began(1)], .synced, at: .zero)
        disk.plan(DiskFault(call: 1, kinds: [.read], effect: .error(Errno(EIO)), lasting: .fromThenOn))
        let answer = journal.load(QueueQuery(afterSequence: 0, limit: 64))
        guard case .charging(.queueLoadFailed) = answer else {
            Issue.record("expected a failure, found \(String(describing: answer))")
            return
        }
        disk.heal()
        #expect(journal.load(QueueQuery(afterSequence: 0, limit: 64)) != nil)
    }

    /// It takes as long as a compaction, and the loop opens no contactor meanwhile.
    @Test func afterAFailedSyncTheJournalIsWrittenAnewInSlices() throws {
        let journal = try open()
        for number in 1...40 {
            let records = (1...200).map { began(Int64(number * 200 + $0)) }
            try journal.append(records, .synced, at: .zero)
        }
        let bytes = disk.contents("/state/transactions.journal")?.count ?? 0
        #expect(bytes > 1 << 20)
        try journal.append(needed, .written, at: .zero)
        disk.plan(DiskFault(call: 1, kinds: [.syncData], effect: .error(Errno(EIO))))
        var uptime = Duration.zero
        var turns = 0
        var most = 0
        while let due = journal.nextDeadline, turns < 1000 {
            uptime = max(uptime, due.at)
            let before = journal.written.bytes
            _ = journal.deadlineReached(at: uptime)
            most = max(most, journal.written.bytes - before)
            // What need not be safe at once waits for no slice.
            if turns == 5 { try journal.append(needed, .written, at: uptime) }
            turns += 1
        }
        #expect(turns > bytes / (64 << 10) && turns < 1000)
        #expect(most <= 128 << 10)
        disk.losePower()
        let text = String(decoding: disk.contents("/state/transactions.journal") ?? [], as: UTF8.self)
        #expect(text.split(separator: "requeued", omittingEmptySubsequences: false).count == 3)
    }

    @Test func whatMustBeSafeAtOnceIsSafeWhileTheJournalIsWrittenAnew() throws {
        let journal = try open()
        for number in 1...40 {
            let records = (1...200).map { began(Int64(number * 200 + $0)) }
            try journal.append(records, .synced, at: .zero)
        }
        disk.plan(DiskFault(call: 1, kinds: [.syncData], effect: .error(Errno(EIO))))
        #expect(throws: StorageError.self) { try journal.append(needed, .synced, at: .zero) }
        for _ in 1...3 { _ = journal.deadlineReached(at: .zero) }
        try journal.append(needed, .synced, at: .zero)
        disk.losePower()
        let text = String(decoding: disk.contents("/state/transactions.journal") ?? [], as: UTF8.self)
        #expect(text.split(separator: "requeued", omittingEmptySubsequences: false).count == 2)
        #expect(text.split(separator: "\"began\"", omittingEmptySubsequences: false).count == 8001)
    }

    @Test func aFolderInThePlaceOfTheReserveIsTold() throws {
        try disk.makeFolder("/state/transactions.reserve", permissions: 0o755)
        try disk.makeFolder("/state/transactions.journal.new", permissions: 0o755)
        var lines: [LogRecord] = []
        _ = try TransactionJournal(directory: "/state", files: disk) { lines.append($0) }
        #expect(lines.map(\.level) == [.warning, .warning])
        #expect(lines.first?.message.contains("/state/transactions.reserve.unreadable-1") == true)
        #expect(lines.last?.message.contains("/state/transactions.journal.new.unreadable-1") == true)
    }

    @Test func withoutAReserveTheJournalWorks() throws {
        try disk.makeFolder("/state/transactions.reserve", permissions: 0o755)
        disk.plan(DiskFault(call: 1, kinds: [.rename], effect: .error(Errno(EBUSY))))
        var lines: [LogRecord] = []
        let journal = try TransactionJournal(directory: "/state", files: disk) { lines.append($0) }
        #expect(lines.map(\.message) == ["no space is held free for transactions"])
        try journal.append(needed, .synced, at: .zero)
    }

    @Test func anExpendableRecordDoesNotUseTheReserveUp() throws {
        let journal = try open()
        disk.capacityBytes = disk.usedBytes
        #expect(throws: StorageError.self) {
            for _ in 0..<500 { try journal.append(expendable, .synced, at: .zero) }
        }
        for _ in 0..<500 { try journal.append(needed, .synced, at: .zero) }
    }

    /// A compaction judges by what was there when it was ordered. It may begin much later, on a full disk after minutes.
    @Test func whatIsAppendedAfterACompactionWasOrderedStays() throws {
        let stopping =
            #"{"stopping":{"transaction":"t1","reason":"Local","time":{"utc":1800000040000,"uptime":41000}}}"#
        let journal = try open()
        try journal.append(needed, .synced, at: .zero)
        journal.compact(JournalCompaction(TransactionLedger()), at: .zero)
        try journal.append(
            [JSON.decode(GatewayCore.JournalRecord.self, from: Array(stopping.utf8))],
            .synced,
            at: .zero
        )
        while let due = journal.nextDeadline { _ = journal.deadlineReached(at: due.at) }
        let text = String(decoding: disk.durableContents("/state/transactions.journal") ?? [], as: UTF8.self)
        #expect(text.contains(stopping))
        #expect(!text.contains("requeued"))
    }

    /// Such a record comes of damage or of another program; its number would stop the process in the next sum, at every start.
    @Test(arguments: ["9223372036854775807", "-9223372036854775808", "1000000000000001"])
    func aRecordWithAnImpossibleNumberIsNotBelieved(number: String) throws {
        try write(
            ["1", number].map {
                #"""
                {"began":{"sequence":\#($0),"messageId":"m","transaction":"t","connectorId":1,"idTag":"A",\#
                "meterStartWh":0,"time":{"utc":1795547005737,"uptime":9735260},"boot":"b"}}
                """#
            }
        )
        var complaints: [LogRecord] = []
        let journal = try TransactionJournal(directory: "/state", files: disk) { complaints.append($0) }
        guard case .charging(.queueLoaded(let entries))? = journal.load(QueueQuery(afterSequence: 0, limit: 9)) else {
            Issue.record("the queue is not read in one slice")
            return
        }
        #expect(entries.map(\.sequence) == [1])
        #expect(complaints.map(\.message) == ["records of the journal are not understood"])
    }

    /// Central systems number as they like, up to the end of 64 bits; nobody counts with it.
    @Test func aTransactionIdOfAnySizeIsKept() throws {
        try write([#"{"assigned":{"transaction":"t","transactionId":9223372036854775807,"status":"Accepted"}}"#])
        var complaints: [LogRecord] = []
        _ = try TransactionJournal(directory: "/state", files: disk) { complaints.append($0) }
        #expect(complaints.isEmpty)
    }

    private func write(_ records: [String]) throws {
        let options = Journal.Options(
            path: "/state/transactions.journal",
            magic: "OCPPTXNS",
            formatVersion: 1,
            maximumRecordBytes: 256 << 10
        )
        let file = try Journal.open(options, files: disk) { _ in }
        for record in records { try file.journal.append(Array(record.utf8), durability: .immediate) }
        disk.killProcesses()
    }

    /// How the core has samples forced to the disk that it only wrote.
    @Test func aSyncedWriteOfNothingMakesWhatWasWrittenBeforeDurable() throws {
        let journal = try open()
        try journal.append(expendable, .written, at: .zero)
        let isThere = { [disk] in
            String(decoding: disk.durableContents("/state/transactions.journal") ?? [], as: UTF8.self).contains("later")
        }
        #expect(!isThere())
        disk.plan(DiskFault(call: 1, kinds: [.syncData], effect: .error(Errno(EIO))))
        #expect(throws: StorageError.self) { try journal.append([], .synced, at: .zero) }
        try journal.append([], .synced, at: .zero)
        #expect(isThere())
        #expect(journal.nextDeadline == nil)
    }
}
