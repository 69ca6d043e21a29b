import SimulatedDisk
import Storage
import Testing

@Suite struct PowerCutTests {
    @Test(arguments: UInt64(0)..<40)
    func anImmediateRecordIsThereAfterAPowerCutAndABatchedOneOnlyMayBe(seed: UInt64) throws {
        let bench = DiskBench(seed: seed)
        let journal = try bench.open().journal
        try journal.append([UInt8](repeating: 1, count: 5000), durability: .batched)
        try journal.append([2], durability: .immediate)
        try journal.append([UInt8](repeating: 3, count: 9000), durability: .batched)
        bench.disk.losePower()
        let found = try bench.open().records.map(\.sequence)
        #expect(found == [1, 2] || found == [1, 2, 3])
    }

    @Test func withoutAFlushABatchedRecordCanBeLostAndWithOneItCannot() throws {
        var lost = 0
        for seed in UInt64(0)..<40 {
            for flushes in [true, false] {
                let bench = DiskBench(seed: seed)
                let journal = try bench.open().journal
                try journal.append([UInt8](repeating: 1, count: 5000), durability: .batched)
                if flushes { try journal.flush() }
                bench.disk.losePower()
                let isThere = try bench.open().records.count == 1
                #expect(isThere || !flushes)
                if !isThere { lost += 1 }
            }
        }
        #expect(lost > 10)
    }

    @Test(arguments: UInt64(0)..<40)
    func aSavedDocumentIsThereAfterAPowerCut(seed: UInt64) throws {
        let bench = DiskBench(seed: seed)
        var document = bench.document()
        for size in [10, 5000, 20_000] {
            let body = [UInt8](repeating: UInt8(size % 251), count: size)
            try document.save(body)
            bench.disk.losePower()
            #expect(try document.load() == .init(body: body, formatVersion: 1))
        }
    }

    @Test func aDiskThatLiesAboutSyncsLosesWhatItSaidItHad() throws {
        var lost = 0
        for seed in UInt64(0)..<20 {
            let bench = DiskBench(seed: seed)
            let journal = try bench.open().journal
            bench.disk.liesAboutSyncs = true
            try journal.append([UInt8](repeating: 1, count: 9000), durability: .immediate)
            bench.disk.losePower()
            if try bench.open().records.isEmpty { lost += 1 }
        }
        #expect(lost > 5)
    }

    @Test func syncsAreCountedWhereTheyAreMade() throws {
        let bench = DiskBench()
        let journal = try bench.open().journal
        try journal.append([1], durability: .immediate)
        try journal.append([2], durability: .batched)
        try journal.flush()
        var document = bench.document()
        try document.save([1])
        #expect(journal.written.syncs + document.written.syncs == bench.disk.syncsDone)
        #expect(bench.disk.syncsDone == 6)
    }
}
