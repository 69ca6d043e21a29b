import SimulatedDisk
import Storage
import Testing

/// Single steps without which something is lost or kept twice, each with the failure that shows it.
@Suite struct DurabilityTests {
    @Test(arguments: UInt64(0)..<20)
    func aJournalWhoseNameWasNotForcedKeepsItWhenItIsOpenedAgain(seed: UInt64) throws {
        let bench = DiskBench(seed: seed)
        bench.disk.plan(DiskFault(call: 1, kinds: [.syncFolder], effect: .error(.deviceFailed)))
        #expect(throws: StorageError.self) { _ = try bench.open() }
        bench.disk.killProcesses()
        try bench.open().journal.append([1], durability: .immediate)
        bench.disk.losePower()
        #expect(try bench.open().records.count == 1)
    }

    @Test(arguments: UInt64(0)..<20)
    func afterACompactionWhoseNameWasNotForcedNothingCountsAsStoredInIt(seed: UInt64) throws {
        let bench = DiskBench(seed: seed)
        let journal = try bench.open().journal
        try journal.append([1], durability: .immediate)
        bench.disk.plan(DiskFault(call: 1, kinds: [.syncFolder], effect: .error(.deviceFailed)))
        #expect(throws: StorageError.self) { try journal.compact(keeping: \.payload) }
        #expect(journal.isDoubtful)
        try journal.append([2], durability: .immediate)
        bench.disk.losePower()
        #expect(try bench.open().records.map(\.payload) == [[1], [2]])
    }

    @Test(arguments: UInt64(0)..<20)
    func whatWasCutOffATornTailSurvivesAPowerCut(seed: UInt64) throws {
        let bench = DiskBench(seed: seed)
        try bench.open().journal.append([UInt8](repeating: 7, count: 9000), durability: .immediate)
        let whole = try #require(bench.disk.contents("/state/log"))
        bench.disk.put("/state/log", Array(whole.dropLast(10)))
        #expect(try bench.open().report.cutKeptAs == "/state/log.cut-1")
        bench.disk.losePower()
        #expect(bench.disk.contents("/state/log.cut-1") == Array(whole[4128...].dropLast(10)))
    }

    /// Bytes of a longer record behind a shorter one would be taken for a torn tail, or worse.
    @Test func whatAFailedWriteLeftAndCouldNotBeCutIsCutBeforeTheNextRecord() throws {
        let bench = DiskBench(seed: 4)
        let journal = try bench.open().journal
        bench.disk.plan(DiskFault(call: 1, kinds: [.write], effect: .error(.deviceFailed)))
        bench.disk.plan(DiskFault(call: 1, kinds: [.truncate], effect: .error(.deviceFailed)))
        let long = [UInt8](repeating: 9, count: 50_000)
        #expect(throws: StorageError.self) { try journal.append(long, durability: .immediate) }
        #expect(bench.disk.contents("/state/log").map { $0.count > 5000 } == true)
        try journal.append([1], durability: .immediate)
        bench.disk.killProcesses()
        let (_, records, report) = try bench.open()
        #expect(records.map(\.payload) == [[1]])
        #expect(report == JournalReport(records: 1))
    }

    @Test func aRecordThatIsThereTwiceIsHandedOutOnce() throws {
        let bench = DiskBench()
        try bench.open().journal.append([1, 2, 3], durability: .immediate)
        let whole = try #require(bench.disk.contents("/state/log"))
        bench.disk.put("/state/log", whole + whole[4128...])
        #expect(try bench.open().records.map(\.payload) == [[1, 2, 3]])
    }

    @Test func aBadBlockCostsNoRecordOutsideOfIt() throws {
        let bench = DiskBench()
        let payloads = [[UInt8]](repeating: [5], count: 600)
        do { try bench.open().journal.append(contentsOf: payloads, durability: .immediate) }
        // It holds the second header and the first records: 17 bytes each from 4128 on.
        bench.disk.spoil("/state/log", block: 1)
        let first = (8192 - 4128 + 16) / 17
        #expect(try bench.open().records.first?.sequence == UInt64(first + 1))
    }

    @Test func aCompactionForcesTheDiskEveryHalfMebibyte() throws {
        let bench = DiskBench()
        let journal = try bench.open().journal
        let payloads = [[UInt8]](repeating: [UInt8](repeating: 5, count: 50_000), count: 44)
        try journal.append(contentsOf: payloads, durability: .immediate)
        let before = bench.disk.calls[.syncData] ?? 0
        try journal.compact(keeping: \.payload)
        // Otherwise the last slice waits for two mebibytes.
        #expect((bench.disk.calls[.syncData] ?? 0) - before >= 2)
    }

    @Test func anUnreadableDocumentIsKeptAsideOnce() throws {
        let bench = DiskBench()
        var document = bench.document(keepsPrevious: true)
        try document.save([1])
        try document.save([2])
        bench.disk.spoil("/state/doc", block: 0)
        _ = try document.load()
        for body in 3...5 as ClosedRange<UInt8> { try document.save([body]) }
        #expect(bench.disk.contents("/state/doc.unreadable-1") != nil)
        #expect(bench.disk.contents("/state/doc.unreadable-2") == nil)
        #expect(bench.disk.contents("/state/doc.previous")?.last == 4)
    }

    @Test func theReserveIsTakenBackWhenACompactionIsDone() throws {
        let bench = DiskBench()
        let reserve = try SpaceReserve(path: "/state/reserve", bytes: 1 << 18, files: bench.disk)
        let journal = try bench.open(reserve: reserve).journal
        let payloads = [[UInt8]](repeating: [UInt8](repeating: 5, count: 1000), count: 100)
        try journal.append(contentsOf: payloads, durability: .immediate)
        bench.disk.capacityBytes = bench.disk.usedBytes + 4096
        try journal.compact { $0.sequence <= 50 ? $0.payload : nil }
        #expect(journal.count == 50 && reserve.isWhole)
    }
}
