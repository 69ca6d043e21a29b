import SimulatedDisk
import Storage
import Testing

/// A device that cannot read a journal, or parts of it, for a while or for ever.
@Suite struct UnreadableJournalTests {
    private let bench = DiskBench(seed: 7)
    private var disk: SimulatedDisk { bench.disk }

    @discardableResult
    private func fill(_ count: Int) throws -> [JournalRecord] {
        let journal = try bench.open().journal
        try journal.append(contentsOf: JournalBench.payloads(count), durability: .immediate)
        return try journal.read(from: 0, limit: .max, maximumBytes: .max)
    }

    // MARK: - Parts of it

    @Test func aReadErrorThatPassesCostsNothing() throws {
        let records = try fill(300)
        let before = disk.contents("/state/log")
        for call in 1...6 {
            disk.plan(DiskFault(call: call, kinds: [.read], effect: .error(.deviceFailed)))
            let (_, found, report) = try bench.open()
            #expect(found == records)
            #expect(report == JournalReport(records: 300))
        }
        #expect(disk.contents("/state/log") == before)
    }

    @Test(arguments: [0, 1, 2])
    func aBlockThatCannotBeReadCostsItsRecordsOnlyAndTheOriginalIsKept(block: Int) throws {
        let records = try fill(300)
        disk.spoil("/state/log", block: block)
        let (journal, found, report) = try bench.open()
        #expect(found.count >= (block == 0 ? 300 : 100))
        #expect(Set(found).isSubset(of: records))
        #expect(report.setAside?.reason == "blocks of it cannot be read")
        #expect(report.cutKeptAs == nil)
        #expect(
            disk.contents("/state/log.unreadable-1")?.count == 4128
                + records.reduce(0) { $0 + 16 + $1.payload.count }
        )
        #expect(try journal.append([1], durability: .immediate) == 301)
    }

    /// The device is healed while it is waited for, and then everything is there.
    private func expectOnceHealed(_ records: [JournalRecord]) throws {
        var waits = 0
        let (_, found, report) = try bench.open { _ in
            waits += 1
            if waits == 5 { disk.heal() }
            return true
        }
        #expect(waits == 5)
        #expect(found == records)
        #expect(report == JournalReport(records: records.count))
    }

    /// What is left out for a failure that passes would be missing until somebody looks.
    @Test(arguments: [0, 1, 2])
    func blocksThatCannotBeReadForAWhileCostNothing(block: Int) throws {
        let records = try fill(300)
        let before = disk.contents("/state/log")
        disk.spoil("/state/log", block: block)
        try expectOnceHealed(records)
        #expect(disk.contents("/state/log") == before)
    }

    /// What cannot be looked at, opened or measured may be whole.
    @Test(arguments: [DiskCall.status, .open])
    func aJournalThatCannotBeOpenedForAWhileCostsNothing(call: DiskCall) throws {
        let records = try fill(300)
        disk.plan(DiskFault(call: 1, kinds: [call], effect: .error(.deviceFailed), lasting: .fromThenOn))
        try expectOnceHealed(records)
    }

    @Test func theSizeOfAJournalIsAskedForAgain() throws {
        let records = try fill(3)
        // The first look is at the name, the second one at the open file.
        disk.plan(DiskFault(call: 2, kinds: [.status], effect: .error(.deviceFailed), lasting: .fromThenOn))
        var waits = 0
        let found = try bench.open { _ in
            waits += 1
            disk.heal()
            return true
        }
        #expect(waits == 1)
        #expect(found.records == records)
    }

    @Test(arguments: [DiskCall.status, .open])
    func aReserveThatCannotBeOpenedForAWhileIsThere(call: DiskCall) throws {
        _ = try SpaceReserve(path: "/state/reserve", files: disk)
        disk.plan(DiskFault(call: 1, kinds: [call], effect: .error(.deviceFailed), lasting: .fromThenOn))
        let reserve = try SpaceReserve(path: "/state/reserve", files: disk) { _ in
            disk.heal()
            return true
        }
        #expect(reserve.isWhole)
    }

    @Test func aDeviceIsNotWaitedForLongerThanItsOwnerWants() throws {
        try fill(300)
        disk.spoil("/state/log", block: 1)
        var waits = 0
        let (_, found, report) = try bench.open { _ in
            waits += 1
            return waits < 20
        }
        #expect(waits >= 20 && found.count < 300 && report.setAside != nil)
    }

    @Test func aReadErrorWhileReadingIsSaidInsteadOfLeavingRecordsOut() throws {
        try fill(300)
        let journal = try bench.open().journal
        disk.spoil("/state/log", block: 1)
        #expect(throws: StorageError.self) { try journal.read(from: 0, limit: .max) }
        #expect(throws: StorageError.self) { try journal.compact(keeping: \.payload) }
        disk.heal()
        #expect(try journal.read(from: 0, limit: .max).count == 300)
    }

    // MARK: - All of it

    /// A device that answers nothing for a moment says nothing about what is on it.
    @Test func aJournalOfWhichNothingCanBeReadStaysWhereItIs() throws {
        let before = try fill(3)
        disk.plan(DiskFault(call: 1, kinds: [.read], effect: .error(.deviceFailed), lasting: .fromThenOn))
        #expect(throws: StorageError.self) { try bench.open() }
        disk.heal()
        #expect(try bench.open().records == before)
    }

    /// The same of a device that gave the header before it failed.
    @Test func aJournalOfWhichOnlyTheHeaderCanBeReadStaysWhereItIs() throws {
        let before = try fill(3)
        disk.plan(DiskFault(call: 2, kinds: [.read], effect: .error(.deviceFailed), lasting: .fromThenOn))
        #expect(throws: StorageError.self) { try bench.open() }
        disk.heal()
        let (journal, records, report) = try bench.open()
        #expect(records == before)
        #expect(journal.nextSequence == 4)
        #expect(report == JournalReport(records: 3))
        #expect(disk.list("/state") == ["log"])
    }

    /// Blocks 0 and 1 have a copy of the header each, and block 1 all records.
    @Test(arguments: [[1], [0, 1]])
    func aJournalOfWhichNothingCanEverBeReadIsReplacedWhenItsOwnerWantsThat(blocks: [Int]) throws {
        try fill(3)
        let before = disk.contents("/state/log")
        for block in blocks { disk.spoil("/state/log", block: block) }
        #expect(throws: StorageError.self) { try bench.open() }
        var waits = 0
        do {
            let (journal, records, report) = try bench.open(replacesUnreadable: true) { _ in
                waits += 1
                return waits < 20
            }
            #expect(waits >= 20 && records.isEmpty)
            #expect(report.setAside?.reason == "the device can read no record of it")
            #expect(disk.contents("/state/log.unreadable-1") == before)
            #expect(try journal.append([9], durability: .immediate) > 3)
        }
        #expect(try bench.open().records.map(\.payload) == [[9]])
    }

    @Test func aJournalThatCanBeReadAfterAllIsNotReplaced() throws {
        let before = try fill(3)
        disk.spoil("/state/log", block: 1)
        var waits = 0
        let found = try bench.open(replacesUnreadable: true) { _ in
            waits += 1
            if waits == 5 { disk.heal() }
            return true
        }
        #expect(found.records == before)
        #expect(found.report == JournalReport(records: 3))
    }

    /// Their records may be acted upon once somebody reads them: no other record may have one of their numbers.
    @Test func theNumbersOfRecordsThatCannotBeReadDoNotComeAgain() throws {
        try fill(300)
        let last = try #require(disk.contents("/state/log")).count / 4096
        disk.spoil("/state/log", block: last)
        let (journal, found, _) = try bench.open()
        #expect(found.count < 300)
        #expect(try journal.append([1], durability: .immediate) > 300)
    }

    // MARK: - The repair

    /// The second reading, which writes what the first one found, must not lose what that one had.
    @Test func aRepairThatReadsLessThanWasFoundIsNone() throws {
        try fill(300)
        disk.lose("/state/log", block: 2)
        var found = 0
        do {
            _ = try Journal.open(bench.options, files: disk) { record in
                found += 1
                if record.sequence == 300 { disk.spoil("/state/log", block: 1) }
            }
        }
        disk.heal()
        #expect(try bench.open().records.count == found)
    }

    /// The device answers again in between: what is there now was not handed out.
    @Test(arguments: [1, 2]) func aRepairThatReadsMoreThanWasFoundIsNone(block: Int) throws {
        let records = try fill(300)
        let before = disk.contents("/state/log")
        let last = try #require(before).count / 4096
        disk.spoil("/state/log", block: block == 2 ? last : block)
        #expect(throws: StorageError.self) {
            // The file is smaller than the window through which it was read by the first record.
            _ = try Journal.open(bench.options, files: disk) { _ in disk.heal() }
        }
        #expect(disk.contents("/state/log") == before)
        #expect(disk.list("/state") == ["log"])
        #expect(try bench.open().records == records)
    }

    /// The new file has the name then, and the other name is all that is left of the original.
    @Test(arguments: [1, 2, 3]) func theOriginalIsKeptWhenOnlyTheNewNameCannotBeForced(failures: Int) throws {
        try fill(300)
        disk.lose("/state/log", block: 1)
        let damaged = disk.contents("/state/log")
        for call in 1...failures {
            disk.plan(DiskFault(call: call, kinds: [.syncFolder], effect: .error(.deviceFailed)))
        }
        let report = try bench.open().report
        #expect(report.setAside?.keptAs == "/state/log.unreadable-1")
        #expect((report.doubt != nil) == (failures > 1))
        disk.heal()
        #expect(disk.contents("/state/log") != damaged)
        #expect(disk.contents("/state/log.unreadable-1") == damaged)
    }

    @Test func whenAnUnreadableJournalCannotBeSalvagedForWantOfRoomNothingIsCutOff() throws {
        try fill(300)
        let before = disk.contents("/state/log")
        disk.spoil("/state/log", block: 2)
        disk.capacityBytes = disk.usedBytes
        #expect(throws: StorageError.full(path: "/state/log.new")) { try bench.open() }
        disk.capacityBytes = nil
        disk.heal()
        #expect(disk.contents("/state/log") == before)
        #expect(try bench.open().records.count == 300)
    }
}
