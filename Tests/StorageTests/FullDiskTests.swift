import Foundation
import Storage
import TemporaryFolder
import Testing

@Suite(.enabled(if: SmallDisk.isAvailable, "needs root, to mount a small file system"))
struct FullDiskTests {
    private let disk: SmallDisk
    private let bench: JournalBench

    init() throws {
        disk = try SmallDisk(kilobytes: 1024)
        bench = JournalBench(in: disk.folder)
    }

    private func reserve() throws -> SpaceReserve {
        try SpaceReserve(path: disk.folder.file("reserve"), bytes: 256 << 10)
    }

    @Test func withoutAReserveTheRecordIsRefusedAndNothingOfItRemains() throws {
        let journal = try bench.open().journal
        try journal.append([1], durability: .immediate)
        try disk.fill()
        let size = journal.fileBytes
        for durability in [Durability.immediate, .batched] {
            #expect(throws: StorageError.full(path: disk.folder.file("log"))) {
                try journal.append([UInt8](repeating: 2, count: 50_000), durability: durability)
            }
        }
        #expect(try disk.folder.read("log").count == Int(size))
        try disk.folder.remove("filler")
        #expect(try journal.append([3], durability: .immediate) == 2)
        #expect(try journal.read(from: 0, limit: 9).map(\.payload) == [[1], [3]])
    }

    @Test func immediateRecordsUseTheReserveStepByStep() throws {
        let reserve = try reserve()
        #expect(reserve.isWhole)
        let journal = try bench.open(reserve: reserve).journal
        try disk.fill()
        var held: [Int64] = []
        for _ in 0..<4 {
            try journal.append([UInt8](repeating: 1, count: 60_000), durability: .immediate)
            held.append(reserve.heldBytes >> 10)
        }
        #expect(held == held.sorted(by: >))
        #expect(held[0] == 192)
        #expect(held[3] == 0)
    }

    @Test func batchedRecordsNeverTouchWhatTheReserveGaveAway() throws {
        let reserve = try reserve()
        let journal = try bench.open(reserve: reserve).journal
        try disk.fill()
        try journal.append([UInt8](repeating: 1, count: 5000), durability: .immediate)
        #expect(!reserve.isWhole)
        #expect(throws: StorageError.full(path: disk.folder.file("log"))) {
            try journal.append([1], durability: .batched)
        }
        try journal.append([2], durability: .immediate)
    }

    @Test func anExhaustedReserveEndsInATypedErrorAndASoundJournal() throws {
        let reserve = try reserve()
        let journal = try bench.open(reserve: reserve).journal
        try disk.fill()
        var stored = 0
        let payload = [UInt8](repeating: 1, count: 30_000)
        #expect(throws: StorageError.full(path: disk.folder.file("log"))) {
            while stored < 100 {
                try journal.append(payload, durability: .immediate)
                stored += 1
            }
        }
        #expect(stored >= 8)
        #expect(reserve.heldBytes == 0)
        #expect(try journal.read(from: 0, limit: 99).count == stored)
        #expect(Int64(try disk.folder.read("log").count) == journal.fileBytes)
    }

    @Test func theReserveIsTakenBackWhenThereIsRoomAgain() throws {
        let reserve = try reserve()
        let journal = try bench.open(reserve: reserve).journal
        try disk.fill()
        try journal.append([UInt8](repeating: 1, count: 5000), durability: .immediate)
        try journal.flush()
        #expect(!reserve.isWhole)
        try disk.folder.remove("filler")
        try journal.flush()
        #expect(reserve.isWhole)
        try journal.append([1], durability: .batched)
    }

    @Test func aReserveThatFindsNoRoomKeepsWhatItHas() throws {
        do {
            let reserve = try reserve()
            let journal = try bench.open(reserve: reserve).journal
            try disk.fill()
            try journal.append([UInt8](repeating: 1, count: 5000), durability: .immediate)
            try disk.fill()
        }
        let again = try reserve()
        #expect(again.heldBytes == 192 << 10)
        try disk.folder.remove("filler")
        try again.restore()
        #expect(again.isWhole)
    }

    @Test func aReserveOnAFullDiskIsEmptyAndNoError() throws {
        try disk.fill()
        #expect(try reserve().heldBytes == 0)
    }

    @Test func aCompactionMayUseTheReserveToMakeRoom() throws {
        let reserve = try reserve()
        let journal = try bench.open(reserve: reserve).journal
        let group = [[UInt8]](repeating: [UInt8](repeating: 1, count: 1000), count: 100)
        try journal.append(contentsOf: group, durability: .immediate)
        try disk.fill()
        try journal.compact { $0.sequence <= 90 ? $0.payload : nil }
        #expect(journal.count == 90)
        #expect(try disk.folder.names == ["filler", "log", "reserve"])
    }

    @Test func aCompactionWithoutRoomChangesNothing() throws {
        let journal = try bench.open().journal
        let group = [[UInt8]](repeating: [UInt8](repeating: 1, count: 1000), count: 100)
        try journal.append(contentsOf: group, durability: .immediate)
        try disk.fill()
        #expect(throws: StorageError.full(path: disk.folder.file("log.new"))) {
            try journal.compact(keeping: \.payload)
        }
        #expect(journal.count == 100)
        #expect(try journal.read(from: 100, limit: 9).count == 1)
        #expect(try disk.folder.names == ["filler", "log"])
    }

    @Test func aDamagedJournalOnAFullDiskStillGivesItsSoundRecords() throws {
        try bench.fill([[UInt8]](repeating: [UInt8](repeating: 1, count: 10_000), count: 9))
        var damaged = try disk.folder.read("log")
        damaged[15_000] ^= 1
        try disk.folder.write(damaged, to: "log")
        try disk.fill()
        let (journal, records, report) = try bench.open()
        #expect(records.map(\.sequence) == [1, 3, 4, 5, 6, 7, 8, 9])
        #expect(report.damage == [.init(offset: 4128 + 10_016, bytes: 10_016, nextSequence: 3)])
        #expect(report.setAside == nil)
        #expect(try journal.read(from: 2, limit: 1).first?.sequence == 3)
        try disk.folder.remove("filler")
        try journal.append([1], durability: .immediate)
        #expect(try journal.read(from: 9, limit: 2).map(\.sequence) == [9, 10])
    }
}
