import Foundation
import Storage
import TemporaryFolder
import Testing

/// A journal in a folder of its own, opened again and again.
struct JournalBench {
    let folder: TemporaryFolder
    var options: Journal.Options

    init() throws { self.init(in: try TemporaryFolder()) }

    init(in folder: TemporaryFolder) {
        self.folder = folder
        options = Journal.Options(
            path: folder.file("log"),
            magic: "TESTJRNL",
            formatVersion: 1,
            maximumRecordBytes: 100_000
        )
    }

    func open(
        reserve: SpaceReserve? = nil,
        _ options: Journal.Options? = nil
    ) throws -> (journal: Journal, records: [JournalRecord], report: JournalReport) {
        var records: [JournalRecord] = []
        let (journal, report) = try Journal.open(options ?? self.options, reserve: reserve) {
            records.append($0)
        }
        return (journal, records, report)
    }

    /// What is found when the journal is opened now.
    func records() throws -> [JournalRecord] { try open().records }

    /// Makes a journal of these payloads, numbered from 1, and returns them as records.
    @discardableResult
    func fill(_ payloads: [[UInt8]]) throws -> [JournalRecord] {
        let journal = try open().journal
        try journal.append(contentsOf: payloads, durability: .immediate)
        return try journal.read(from: 0, limit: .max, maximumBytes: .max)
    }

    /// Where the first record is.
    static let recordsStart = 4096 + 32

    static func payloads(_ count: Int) -> [[UInt8]] {
        (0..<count).map {
            [UInt8]("record \($0) ") + [UInt8](repeating: UInt8($0 % 251), count: $0 * 7 % 40)
        }
    }
}

@Suite struct JournalTests {
    private let bench: JournalBench
    private var folder: TemporaryFolder { bench.folder }

    init() throws { bench = try JournalBench() }

    @Test func aFileFarBeyondItsBoundIsSetAsideUnread() throws {
        try bench.fill(JournalBench.payloads(3))
        try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("log"))).truncate(atOffset: 1 << 40)
        var options = bench.options
        options.maximumFileBytes = 1 << 20
        let (journal, records, report) = try bench.open(options)
        #expect(records.isEmpty && journal.count == 0)
        let reason = "it has 1099511627776 bytes, and never more than 1048576 are written"
        #expect(report.setAside?.reason == reason)
        #expect(report.setAside?.keptAs == folder.file("log.unreadable-1"))
    }

    @Test func aNewJournalIsEmptyAndStaysSo() throws {
        for _ in 0..<3 {
            let (journal, records, report) = try bench.open()
            #expect(records.isEmpty)
            #expect(report == JournalReport())
            #expect(journal.nextSequence == 1)
        }
        #expect(try folder.names == ["log"])
    }

    @Test(arguments: [Durability.immediate, .batched])
    func everyRecordIsFoundAgainAfterEachReopening(durability: Durability) throws {
        var expected: [JournalRecord] = []
        for (index, payload) in (JournalBench.payloads(20) + [[]]).enumerated() {
            let (journal, records, report) = try bench.open()
            #expect(records == expected)
            #expect(report == JournalReport(records: index))
            let sequence = try journal.append(payload, durability: durability)
            expected.append(JournalRecord(sequence: sequence, payload: payload))
        }
        #expect(try bench.records() == expected)
        #expect(expected.map(\.sequence) == Array(1...21))
    }

    @Test func batchedRecordsWantAFlushAndImmediateOnesBringIt() throws {
        let journal = try bench.open().journal
        #expect(!journal.needsFlush)
        try journal.append([1], durability: .batched)
        #expect(journal.needsFlush)
        try journal.append([2], durability: .immediate)
        #expect(!journal.needsFlush)
        try journal.append([3], durability: .batched)
        try journal.flush()
        #expect(!journal.needsFlush)
    }

    @Test func bytesAndSyncsAreCountedPerClass() throws {
        let journal = try bench.open().journal
        let created = journal.written
        try journal.append([UInt8](repeating: 0, count: 84), durability: .batched)
        try journal.append([UInt8](repeating: 0, count: 184), durability: .immediate)
        try journal.flush()
        #expect(journal.written.batchedBytes == 100)
        #expect(journal.written.immediateBytes == 200)
        #expect(journal.written.syncs == created.syncs + 1)
        #expect(journal.written.rewrittenBytes == created.rewrittenBytes)
        try journal.append([], durability: .batched)
        try journal.flush()
        #expect(journal.written.syncs == created.syncs + 2)
    }

    @Test func anOversizedRecordIsRefusedAndNothingOfItsGroupRemains() throws {
        let journal = try bench.open().journal
        let group = [[1], [UInt8](repeating: 0, count: 100_001)]
        let error = #expect(throws: StorageError.self) {
            try journal.append(contentsOf: group, durability: .batched)
        }
        #expect(error == .tooLarge(path: folder.file("log"), bytes: 100_001, limit: 100_000))
        #expect(journal.nextSequence == 1)
        #expect(try journal.append([UInt8](repeating: 0, count: 100_000), durability: .batched) == 1)
    }

    @Test func aSecondProcessIsKeptOut() throws {
        let journal = try bench.open().journal
        #expect(throws: StorageError.inUse(path: folder.file("log"))) { try bench.open() }
        try journal.compact { $0.payload }
        #expect(throws: StorageError.inUse(path: folder.file("log"))) { try bench.open() }
    }

    @Test func whoIsKeptOutTouchesNothing() throws {
        let journal = try bench.open().journal
        try folder.write([1], to: "log.new")
        #expect(throws: StorageError.self) { try bench.open() }
        #expect(try folder.names == ["log", "log.new"])
        try journal.compact(keeping: \.payload)
        #expect(try folder.names == ["log"])
    }

    // MARK: - Reading

    @Test func recordsAreReadFromAnywhereInAnyOrder() throws {
        let records = try bench.fill(JournalBench.payloads(300))
        #expect(records.count == 300)
        let journal = try bench.open().journal
        for start in [1, 300, 64, 65, 66, 2, 129, 128, 299, 7, 8, 9] {
            let found = try journal.read(from: UInt64(start), limit: 3)
            #expect(found == Array(records[(start - 1)...].prefix(3)))
        }
        #expect(try journal.read(from: 301, limit: 3) == [])
        #expect(try journal.read(from: 0, limit: 1) == [records[0]])
        #expect(try journal.read(5) == records[4].payload)
        #expect(try journal.read(301) == nil)
    }

    @Test func readingOnPieceByPieceGivesEverything() throws {
        let records = try bench.fill(JournalBench.payloads(500))
        let journal = try bench.open().journal
        var found: [JournalRecord] = []
        while true {
            let piece = try journal.read(from: (found.last?.sequence ?? 0) + 1, limit: 7)
            if piece.isEmpty { break }
            found += piece
        }
        #expect(found == records)
    }

    @Test func aPieceIsLimitedInBytesButNeverEmpty() throws {
        let records = try bench.fill([
            [UInt8](repeating: 1, count: 50), [UInt8](repeating: 2, count: 50), [3],
        ])
        let journal = try bench.open().journal
        #expect(try journal.read(from: 1, limit: 9, maximumBytes: 10) == [records[0]])
        #expect(try journal.read(from: 2, limit: 9, maximumBytes: 51) == Array(records[1...]))
    }

    @Test func recordsAppendedAfterReadingAreReadToo() throws {
        let journal = try bench.open().journal
        try journal.append([1], durability: .batched)
        #expect(try journal.read(from: 1, limit: 9).count == 1)
        try journal.append([2], durability: .batched)
        #expect(try journal.read(from: 2, limit: 9) == [JournalRecord(sequence: 2, payload: [2])])
    }

    // MARK: - Torn tails and damage

    @Test func aTailTornAtAnyByteIsCutOffAndTheRestStays() throws {
        let records = try bench.fill(JournalBench.payloads(6))
        let whole = try folder.read("log")
        var length = JournalBench.recordsStart
        for (index, record) in records.enumerated() {
            let recordBytes = 16 + record.payload.count
            for torn in 0..<recordBytes {
                try folder.write(Array(whole.prefix(length + torn)), to: "log")
                let (journal, found, report) = try bench.open()
                #expect(found == Array(records.prefix(index)))
                let cut = torn == 0 ? nil : folder.file("log.cut-1")
                #expect(report == JournalReport(records: index, tornBytes: Int64(torn), cutKeptAs: cut))
                if torn > 0 {
                    #expect(try folder.read("log.cut-1") == Array(whole[length..<length + torn]))
                    try folder.remove("log.cut-1")
                }
                // The number of the torn record is free: nobody has been told that it was stored.
                #expect(try journal.append([9], durability: .batched) == UInt64(index + 1))
            }
            length += recordBytes
        }
        #expect(length == whole.count)
    }

    @Test func aTailOfZerosOrNoiseIsCutOff() throws {
        let records = try bench.fill(JournalBench.payloads(3))
        let whole = try folder.read("log")
        let noise = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        for tail in [[UInt8](repeating: 0, count: 5000), noise, [0xFF]] {
            try folder.write(whole + tail, to: "log")
            let (_, found, report) = try bench.open()
            #expect(found == records)
            #expect(report.tornBytes == Int64(tail.count))
            #expect(try folder.read("log") == whole)
        }
    }

    @Test func everyFlippedByteCostsAtMostTheRecordItIsIn() throws {
        let records = try bench.fill(JournalBench.payloads(5))
        let whole = try folder.read("log")
        var owner: [Int] = []
        for (index, record) in records.enumerated() {
            owner += repeatElement(index, count: 16 + record.payload.count)
        }
        for position in JournalBench.recordsStart..<whole.count {
            var damaged = whole
            damaged[position] ^= 0x40
            try folder.write(damaged, to: "log")
            let hit = owner[position - JournalBench.recordsStart]
            let (journal, found, report) = try bench.open()
            #expect(
                found == records.enumerated().filter { $0.offset != hit }.map(\.element),
                "byte \(position)"
            )
            if hit == 4 {
                #expect(report.tornBytes > 0)
            } else {
                #expect(report.damage.map(\.nextSequence) == [UInt64(hit + 2)])
                #expect(report.setAside?.keptAs == folder.file("log.unreadable-1"))
                #expect(try folder.read("log.unreadable-1") == damaged)
                try folder.remove("log.unreadable-1")
                #expect(try journal.read(from: 1, limit: 9) == found)
            }
        }
    }

    @Test func aRepairedJournalIsSoundAndNumbersGoOn() throws {
        let records = try bench.fill(JournalBench.payloads(200))
        var damaged = try folder.read("log")
        for position in 4400..<5000 { damaged[position] = 0 }
        try folder.write(damaged, to: "log")
        let kept: [JournalRecord]
        do {
            let (journal, found, report) = try bench.open()
            kept = found
            #expect(report.damage.count == 1)
            #expect(found.count > 150 && found.count < 200)
            #expect(Set(found).isSubset(of: records))
            #expect(try journal.append([1], durability: .immediate) == 201)
        }
        let (_, found, report) = try bench.open()
        #expect(found == kept + [JournalRecord(sequence: 201, payload: [1])])
        #expect(report == JournalReport(records: found.count))
    }

    @Test func everyFlippedByteOfTheHeaderIsRepaired() throws {
        let records = try bench.fill(JournalBench.payloads(3))
        let whole = try folder.read("log")
        for position in [Int](0..<32) + [Int](4096..<4128) {
            var damaged = whole
            damaged[position] ^= 0x01
            try folder.write(damaged, to: "log")
            let (_, found, report) = try bench.open()
            #expect(found == records)
            #expect(report.setAside?.reason == "its header is damaged")
            try folder.remove("log.unreadable-1")
        }
        #expect(try bench.open().report == JournalReport(records: 3))
    }

    @Test(arguments: [0, 1, 31])
    func aFileWithoutAWholeHeaderIsSetAside(length: Int) throws {
        try bench.fill(JournalBench.payloads(1))
        let whole = try folder.read("log")
        try folder.write(Array(whole.prefix(length)), to: "log")
        let (journal, found, report) = try bench.open()
        #expect(found.isEmpty)
        #expect(report.setAside?.reason == "its header is damaged")
        #expect(try folder.names == ["log", "log.unreadable-1"])
        #expect(try journal.append([1], durability: .immediate) == 1)
    }

    @Test func anotherKindAndANewerVersionAreSetAside() throws {
        try bench.fill([[1]])
        let other = Journal.Options(path: folder.file("log"), magic: "OTHERLOG", formatVersion: 2)
        #expect(try bench.open(other).report.setAside?.reason == "it is a journal of another kind")
        let older = Journal.Options(path: folder.file("log"), magic: "OTHERLOG", formatVersion: 1)
        #expect(
            try bench.open(older).report.setAside?.reason
                == "its version is 2.2, newer than 2.1, the newest known"
        )
        #expect(try folder.names == ["log", "log.unreadable-1", "log.unreadable-2"])
        #expect(try folder.read("log.unreadable-1").starts(with: [UInt8]("TESTJRNL")))
    }

    @Test func anOlderVersionIsReadAndRaisedByACompaction() throws {
        try bench.fill([[1]])
        let newer = Journal.Options(path: folder.file("log"), magic: "TESTJRNL", formatVersion: 2)
        do {
            let (journal, records, _) = try bench.open(newer)
            #expect(records.count == 1)
            #expect(journal.formatVersion == 1)
            try journal.compact { _ in [2] }
            #expect(journal.formatVersion == 2)
        }
        let (journal, records, _) = try bench.open(newer)
        #expect(records == [JournalRecord(sequence: 1, payload: [2])])
        #expect(journal.formatVersion == 2)
    }

    @Test func aFolderInItsPlaceIsSetAside() throws {
        try folder.makeFolder("log")
        let (journal, _, report) = try bench.open()
        #expect(report.setAside?.reason == "it is not a regular file")
        #expect(try journal.append([1], durability: .immediate) == 1)
    }

    @Test func aMissingFolderIsAnErrorThatNamesIt() throws {
        let options = Journal.Options(path: folder.file("no/log"), magic: "TESTJRNL", formatVersion: 1)
        let error = #expect(throws: StorageError.self) { try bench.open(options) }
        #expect(error?.description.contains(folder.file("no/log")) == true)
    }
}

extension JournalBench {
    fileprivate func open(
        _ options: Journal.Options
    ) throws -> (journal: Journal, records: [JournalRecord], report: JournalReport) {
        try open(reserve: nil, options)
    }
}
