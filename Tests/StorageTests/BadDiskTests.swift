import Foundation
import SimulatedDisk
import Storage
import Testing

@Suite struct BadDiskTests {
    private let bench = DiskBench(seed: 7)
    private var disk: SimulatedDisk { bench.disk }

    private func fixture(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
        return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    @discardableResult
    private func fill(_ count: Int) throws -> [JournalRecord] {
        let journal = try bench.open().journal
        try journal.append(contentsOf: JournalBench.payloads(count), durability: .immediate)
        return try journal.read(from: 0, limit: .max, maximumBytes: .max)
    }

    // MARK: - Syncs that fail

    @Test(arguments: UInt64(0)..<20)
    func aFailedFlushIsSaidAndTheNextOneSavesWhatTheKernelForgot(seed: UInt64) throws {
        let bench = DiskBench(seed: seed)
        let journal = try bench.open().journal
        try journal.append([UInt8](repeating: 1, count: 5000), durability: .batched)
        bench.disk.plan(DiskFault(call: 1, kinds: [.syncData], effect: .error(.deviceFailed)))
        #expect(throws: StorageError.self) { try journal.flush() }
        #expect(journal.needsFlush)
        bench.disk.dropCaches()
        try journal.flush()
        #expect(!journal.needsFlush)
        bench.disk.losePower()
        #expect(try bench.open().records.map(\.payload.count) == [5000])
    }

    @Test(arguments: UInt64(0)..<20)
    func afterAFailedSyncTheJournalIsWrittenAnewBeforeAnythingCountsAsStored(seed: UInt64) throws {
        let bench = DiskBench(seed: seed)
        let journal = try bench.open().journal
        try journal.append([1], durability: .immediate)
        try journal.append([UInt8](repeating: 2, count: 5000), durability: .batched)
        bench.disk.plan(DiskFault(call: 1, kinds: [.syncData], effect: .error(.deviceFailed)))
        #expect(throws: StorageError.self) { try journal.append([3], durability: .immediate) }
        try journal.append([4], durability: .immediate)
        bench.disk.losePower()
        #expect(try bench.open().records.map(\.payload.first) == [1, 2, 4])
    }

    /// A service that does not start helps nobody: it starts, and nothing counts as stored before the journal was written anew.
    @Test(arguments: UInt64(0)..<20, [Errno.deviceFailed, Errno(28)])
    func aDeviceThatFailsToSyncAtTheStartLeavesTheJournalDoubtful(seed: UInt64, error: Errno) throws {
        for call in [DiskCall.sync, .syncFolder] {
            let bench = DiskBench(seed: seed)
            try bench.open().journal.append([UInt8](repeating: 1, count: 5000), durability: .batched)
            bench.disk.killProcesses()
            bench.disk.plan(DiskFault(call: 1, kinds: [call], effect: .error(error)))
            let opened = try bench.open()
            #expect(opened.records.map(\.payload.count) == [5000])
            #expect(opened.report.doubt != nil)
            #expect(opened.journal.isDoubtful && opened.journal.needsFlush)
            // The kernel takes it for written, and forgets it.
            bench.disk.dropCaches()
            #expect(try opened.journal.append([2], durability: .immediate) == 2)
            #expect(!opened.journal.isDoubtful)
            bench.disk.losePower()
            let next = try bench.open()
            #expect(next.records.map(\.payload.count) == [5000, 1])
            #expect(next.report.doubt == nil)
        }
    }

    @Test func aDeviceThatGoesOnFailingKeepsItDoubtful() throws {
        try fill(3)
        bench.disk.killProcesses()
        let syncs: Set<DiskCall> = [.sync, .syncData]
        disk.plan(DiskFault(call: 1, kinds: syncs, effect: .error(.deviceFailed), lasting: .fromThenOn))
        let journal = try bench.open().journal
        for _ in 0..<3 { #expect(throws: StorageError.self) { try journal.append([9], durability: .immediate) } }
        #expect(journal.isDoubtful && journal.count == 3)
        disk.heal()
        try journal.append([9], durability: .immediate)
        disk.losePower()
        #expect(try bench.open().records.count == 4)
    }

    /// Bytes that are no record, on a device that takes no copy of them and cuts nothing off.
    @Test(arguments: [DiskCall.write, .truncate, .sync])
    func aTornTailStopsNoStartOnADeviceThatFails(call: DiskCall) throws {
        try fill(3)
        disk.put("/state/log", try #require(disk.contents("/state/log")) + [1, 2, 3])
        disk.plan(DiskFault(call: 1, kinds: [call], effect: .error(.deviceFailed), lasting: .fromThenOn))
        let journal = try bench.open().journal
        #expect(journal.count == 3)
        disk.heal()
        try journal.append([9], durability: .immediate)
        disk.losePower()
        let next = try bench.open()
        #expect(next.records.count == 4 && next.report.tornBytes == 0 && next.report.damage.isEmpty)
    }

    @Test(arguments: UInt64(0)..<20)
    func whatWasFoundAfterAKillIsNotLostByALaterPowerCut(seed: UInt64) throws {
        let bench = DiskBench(seed: seed)
        try bench.open().journal.append([UInt8](repeating: 1, count: 5000), durability: .batched)
        bench.disk.killProcesses()
        #expect(try bench.open().records.count == 1)
        bench.disk.losePower()
        #expect(try bench.open().records.count == 1)
    }

    // MARK: - Lost blocks

    @Test func aLostFirstBlockCostsNoRecord() throws {
        let records = try fill(300)
        disk.lose("/state/log", block: 0)
        let (journal, found, report) = try bench.open()
        #expect(found == records)
        #expect(report.setAside?.reason == "its header is damaged")
        #expect(journal.nextSequence == 301)
    }

    @Test func aJournalWithoutAnyHeaderIsSalvagedFromItsRecordsAndNoNumberComesAgain() throws {
        let records = try fill(300)
        disk.overwrite("/state/log", at: 0, with: [UInt8](repeating: 0, count: 4128))
        do {
            let (journal, found, report) = try bench.open()
            #expect(found == records)
            #expect(report.setAside?.keptAs == "/state/log.unreadable-1")
            #expect(try journal.append([1], durability: .immediate) > 1_000_000)
        }
        #expect(try bench.open().records.count == 301)
    }

    @Test func damageThatACompactionFindsIsKeptAside() throws {
        try fill(300)
        let journal = try bench.open().journal
        disk.lose("/state/log", block: 1)
        try journal.compact(keeping: \.payload)
        #expect(journal.takeSetAsides().map(\.keptAs) == ["/state/log.unreadable-1"])
    }

    // MARK: - The layout before

    @Test(arguments: [false, true])
    func aJournalOfTheFirstLayoutIsReadAndRaisedByACompaction(losesFirstBytes: Bool) throws {
        disk.put("/state/log", try fixture("journal-layout-1"))
        if losesFirstBytes {
            disk.overwrite("/state/log", at: 0, with: [UInt8](repeating: 0, count: 64))
        }
        let wanted: [UInt64] = [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 13]
        do {
            let (journal, records, _) = try bench.open()
            #expect(records.map(\.sequence) == wanted)
            #expect(records.last?.payload == Array("after the compaction".utf8))
            try journal.append([1], durability: .immediate)
            try journal.compact(keeping: \.payload)
        }
        let (_, records, report) = try bench.open()
        #expect(records.dropLast().map(\.sequence) == wanted)
        #expect(report == JournalReport(records: 12))
    }

    @Test func aDocumentOfTheFirstLayoutIsRead() throws {
        disk.put("/state/doc", try fixture("document-layout-1"))
        let document = AtomicDocument(
            path: "/state/doc",
            magic: "test-doc",
            formatVersion: 3,
            files: disk
        )
        #expect(
            try document.load()
                == .init(body: Array("{\"of\":\"the first layout\"}\n".utf8), formatVersion: 3)
        )
    }

    // MARK: - Documents

    @Test func aDocumentThatCannotBeReadForAMomentIsReadAndStays() throws {
        var document = bench.document()
        try document.save([1, 2, 3])
        disk.plan(DiskFault(call: 1, kinds: [.read], effect: .error(.deviceFailed)))
        #expect(try document.load() == .init(body: [1, 2, 3], formatVersion: 1))
    }

    @Test func aDocumentThatCannotBeReadForAWhileIsReadAndTheOneBeforeDoesNotStandIn() throws {
        var document = bench.document(keepsPrevious: true)
        try document.save([1])
        try document.save([2])
        disk.spoil("/state/doc", block: 0)
        var waits = 0
        let loaded = try document.load { _ in
            waits += 1
            if waits == 3 { disk.heal() }
            return true
        }
        #expect(waits == 3)
        #expect(loaded == .init(body: [2], formatVersion: 1))
    }

    @Test func aDocumentThatCannotBeReadAtAllIsNeverOverwritten() throws {
        var document = bench.document(keepsPrevious: true)
        try document.save([1])
        try document.save([2])
        disk.spoil("/state/doc", block: 0)
        let loaded = try document.load()
        #expect(
            loaded.body == [1] && loaded.isPrevious && loaded.unread != nil && loaded.setAside.isEmpty
        )
        try document.save([3])
        disk.heal()
        #expect(disk.contents("/state/doc.unreadable-1")?.last == 2)
        #expect(disk.contents("/state/doc.previous")?.last == 1)
        #expect(try document.load().body == [3])
    }

    @Test func withoutAnotherOneAnUnreadableDocumentIsAnErrorAndStays() throws {
        var document = bench.document()
        try document.save([1])
        disk.spoil("/state/doc", block: 0)
        #expect(throws: StorageError.self) { try document.load() }
        disk.heal()
        #expect(try document.load().body == [1])
    }
}
