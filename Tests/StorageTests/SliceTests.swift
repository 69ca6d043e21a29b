import SimulatedDisk
import Storage
import Testing

@Suite struct SliceTests {
    private let bench = DiskBench(seed: 5)
    private var disk: SimulatedDisk { bench.disk }

    @Test func aScanByCursorFindsEveryRecordForEveryCountAndEnds() throws {
        let journal = try bench.open().journal
        for count in 0...1024 {
            var cursor = JournalCursor()
            var found: [UInt64] = []
            var slices = 0
            while !cursor.isAtEnd {
                let slice = try journal.readSlice(&cursor)
                #expect(slice.count <= 256)
                found += slice.map(\.sequence)
                slices += 1
            }
            if found != Array(1..<UInt64(count + 1)) || slices > count / 256 + 1 {
                Issue.record("\(count) records: \(found.count) found in \(slices) slices")
            }
            try journal.append([UInt8(count % 251)], durability: .batched)
        }
    }

    @Test func noSliceOfACompactionReadsOrWritesMoreThanItMay() throws {
        let journal = try bench.open().journal
        let payload = [UInt8](repeating: 5, count: 84)
        for _ in 0..<20 {
            try journal.append(
                contentsOf: [[UInt8]](repeating: payload, count: 500),
                durability: .immediate
            )
        }
        var asked = 0
        try journal.beginCompaction { record in
            asked += 1
            return record.sequence.isMultiple(of: 2) ? record.payload : nil
        }
        var slices = 0
        var isDone = false
        while !isDone {
            asked = 0
            let written = journal.written.rewrittenBytes
            isDone = try journal.continueCompaction(maximumBytes: 64 << 10)
            slices += 1
            #expect(asked <= (64 << 10) / 100 + 1)
            #expect(journal.written.rewrittenBytes - written <= (64 << 10) + 4128)
        }
        #expect(slices >= 15)
        #expect(journal.count == 5000)
    }

    @Test(arguments: UInt64(0)..<10)
    func recordsAppendedDuringACompactionAreKeptAndACutAnywhereLeavesAWholeJournal(seed: UInt64)
        throws
    {
        for slices in 0..<12 {
            let bench = DiskBench(seed: seed)
            let journal = try bench.open().journal
            try journal.append(contentsOf: JournalBench.payloads(100), durability: .immediate)
            try journal.beginCompaction { $0.sequence > 50 ? $0.payload : nil }
            var isDone = false
            for _ in 0..<slices where !isDone {
                isDone = try journal.continueCompaction(maximumBytes: 500)
                try journal.append([9], durability: .immediate)
            }
            bench.disk.losePower()
            let found = try bench.open().records.map(\.sequence)
            #expect(found == Array((isDone ? 51 : 1)..<journal.nextSequence), "\(slices) slices")
        }
    }

    @Test func samplesAndCompactionGoOnByThemselvesOnceThereIsRoom() throws {
        let reserve = try SpaceReserve(path: "/state/reserve", bytes: 128 << 10, files: disk)
        let journal = try bench.open(reserve: reserve).journal
        try journal.append(
            contentsOf: [[UInt8]](repeating: [1, 2, 3], count: 9000),
            durability: .immediate
        )
        disk.capacityBytes = disk.usedBytes
        try journal.append([UInt8](repeating: 1, count: 60_000), durability: .immediate)
        #expect(!reserve.isWhole)
        #expect(throws: StorageError.full(path: "/state/log")) {
            try journal.append([1], durability: .batched)
        }
        #expect(throws: StorageError.full(path: "/state/log.new")) {
            try journal.compact(keeping: \.payload)
        }
        #expect(!disk.list("/state").contains("log.new"))
        disk.capacityBytes = nil
        try journal.append([1], durability: .batched)
        #expect(reserve.isWhole)
        try journal.compact { _ in nil }
        #expect(journal.count == 0)
    }

    @Test func whatWaitsForASyncIsBounded() throws {
        let journal = try bench.open().journal
        let syncs = disk.syncsDone
        for _ in 0..<30 {
            try journal.append([UInt8](repeating: 1, count: 90_000), durability: .batched)
        }
        #expect(disk.syncsDone == syncs + 2)
    }

    @Test func numbersFromADamagedFileNeverStopTheProcess() throws {
        try bench.open().journal.append([1], durability: .immediate)
        let whole = try #require(disk.contents("/state/log"))
        for value in [UInt8(0xFF), 0x7F, 0x80] {
            for place in 0..<whole.count where place < 32 || place >= 4096 {
                disk.put("/state/log", whole)
                disk.overwrite(
                    "/state/log",
                    at: place,
                    with: [UInt8](repeating: value, count: min(8, whole.count - place))
                )
                let journal = try bench.open().journal
                try journal.append([2], durability: .immediate)
            }
        }
    }
}
