import Foundation
import SimulatedDisk
import Storage
import TemporaryFolder
import Testing

@Suite struct JournalCompactionTests {
    private let bench: JournalBench
    private var folder: TemporaryFolder { bench.folder }

    init() throws { bench = try JournalBench() }

    @Test func whatIsKeptKeepsItsNumberAndMayChangeItsPayload() throws {
        let records = try bench.fill(JournalBench.payloads(400))
        let expected = records.filter { $0.sequence % 3 == 0 }
            .map { JournalRecord(sequence: $0.sequence, payload: $0.payload + [0xAA]) }
        do {
            let journal = try bench.open().journal
            let before = journal.fileBytes
            try journal.compact { $0.sequence % 3 == 0 ? $0.payload + [0xAA] : nil }
            #expect(journal.fileBytes < before)
            #expect(journal.fileBytes == Int64(try folder.read("log").count))
            #expect(journal.count == expected.count)
            #expect(try journal.read(from: 0, limit: .max) == expected)
            #expect(
                try journal.read(from: 200, limit: 2)
                    == expected.filter { $0.sequence >= 200 }.prefix(2).map { $0 }
            )
            #expect(try journal.append([1], durability: .immediate) == 401)
        }
        #expect(try bench.records() == expected + [JournalRecord(sequence: 401, payload: [1])])
        #expect(try folder.names == ["log"])
    }

    @Test func numbersAreNotUsedAgainEvenWhenNothingIsKept() throws {
        try bench.fill(JournalBench.payloads(10))
        try bench.open().journal.compact { _ in nil }
        let (journal, records, report) = try bench.open()
        #expect(records.isEmpty)
        #expect(report == JournalReport())
        #expect(try journal.append([1], durability: .immediate) == 11)
    }

    @Test func aCompactionMakesBatchedRecordsSafe() throws {
        let journal = try bench.open().journal
        try journal.append([1], durability: .batched)
        try journal.compact(keeping: \.payload)
        #expect(!journal.needsFlush)
    }

    @Test func aCompactionKilledAnywhereBeforeTheRenameLeavesTheJournalAsItWas() throws {
        let records = try bench.fill(JournalBench.payloads(10))
        let before = try folder.read("log")
        try bench.open().journal.compact { $0.sequence > 5 ? $0.payload : nil }
        let copy = try folder.read("log")
        for length in 0...copy.count {
            let simulated = DiskBench()
            simulated.disk.put("/state/log", before)
            simulated.disk.put("/state/log.new", Array(copy.prefix(length)))
            #expect(try simulated.open().records == records)
            #expect(simulated.disk.list("/state") == ["log"])
        }
    }

    @Test func aCreationKilledBeforeTheRenameIsBegunAgain() throws {
        try folder.write([UInt8]("TEST"), to: "log.new")
        #expect(try bench.records().isEmpty)
        #expect(try folder.names == ["log"])
    }

    @Test func anOversizedPayloadStopsTheCompactionAndNothingChanges() throws {
        let records = try bench.fill(JournalBench.payloads(3))
        let journal = try bench.open().journal
        #expect(throws: StorageError.self) {
            try journal.compact { _ in [UInt8](repeating: 0, count: 1 << 21) }
        }
        #expect(try journal.read(from: 0, limit: 9) == records)
        #expect(try folder.names == ["log"])
        #expect(try journal.append([1], durability: .immediate) == 4)
    }

    @Test func manyRecordsAreCompactedInPieces() throws {
        let payload = [UInt8](repeating: 5, count: 1000)
        let journal = try bench.open().journal
        for _ in 0..<10 {
            try journal.append(
                contentsOf: [[UInt8]](repeating: payload, count: 100),
                durability: .batched
            )
        }
        try journal.compact { $0.sequence.isMultiple(of: 2) ? $0.payload : nil }
        #expect(journal.count == 500)
        let found = try journal.read(from: 0, limit: .max, maximumBytes: .max)
        #expect(found.map(\.sequence) == Array(stride(from: 2, through: 1000, by: 2)))
        #expect(found.allSatisfy { $0.payload == payload })
    }
}
