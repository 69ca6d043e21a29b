import GatewayStorage
import OCPP
import Primitives
import SimulatedDisk
import Storage
import Testing

@testable import GatewayCore

/// What the ledger is told when the journal lost records.
@Suite struct LostRecordsTests {
    private let disk = SimulatedDisk(seed: 1)
    private let path = "/state/transactions.journal"

    private func open() throws(StorageError) -> TransactionJournal {
        try TransactionJournal(directory: "/state", files: disk, log: { _ in })
    }

    private func began(_ sequence: Int64, on connectorId: Int) -> GatewayCore.JournalRecord {
        .began(
            Began(
                sequence: sequence,
                messageId: "m\(sequence)",
                transaction: "t\(sequence)",
                connectorId: connectorId,
                idTag: "CARD",
                meterStartWh: 0,
                time: EventTime(utc: 0, boot: nil, uptime: 0),
                boot: "boot"
            )
        )
    }

    /// The disk loses the record that contains this text.
    private func destroy(_ text: String) throws {
        let bytes = disk.contents(path) ?? []
        let wanted = Array(text.utf8)
        let place = try #require(
            bytes.indices.first { bytes[$0...].starts(with: wanted) }
        )
        disk.overwrite(path, at: place, with: [UInt8](repeating: 0, count: wanted.count))
    }

    /// The names of the transactions that a new process has to end.
    private func withoutEnd() throws -> [String] {
        defer { disk.killProcesses() }
        return try open().restored.withoutEnd.map(\.open.began.transaction)
    }

    /// Also by the process after one that was killed before it could end anything: the file is sound then.
    @Test func whatIsOpenWhereARecordWasDestroyedMayBeOver() throws {
        let later = GatewayCore.JournalRecord.unknown(kind: "later")
        try open().append([began(1, on: 1), .unknown(kind: "lost"), later, began(2, on: 2), later], .synced, at: .zero)
        disk.killProcesses()
        #expect(try withoutEnd() == [])
        try destroy("lost")
        #expect(try withoutEnd() == ["t1"])
        #expect(try withoutEnd() == ["t1"])
    }

    @Test func whatIsOpenWhereARecordIsNotUnderstoodMayBeOver() throws {
        try open().append([began(1, on: 1), began(1_000_000_000_000_001, on: 2)], .synced, at: .zero)
        disk.killProcesses()
        #expect(try withoutEnd() == ["t1"])
    }

    @Test func whatIsOpenBeforeATailThatCannotBeReadMayBeOver() throws {
        let journal = try open()
        try journal.append([began(1, on: 1)], .synced, at: .zero)
        for _ in 0..<300 { try journal.append([.requeued(Requeued())], .synced, at: .zero) }
        disk.killProcesses()
        let blocks = ((disk.contents(path)?.count ?? 0) + 4095) / 4096
        #expect(blocks > 2)
        // The header is in the first one, and the begin in the second.
        for block in 2..<blocks { disk.spoil(path, block: block) }
        #expect(try withoutEnd() == ["t1"])
        disk.heal()
        #expect(try withoutEnd() == ["t1"])
        // Numbers were left out there, which the next record shows.
        try open().append([.requeued(Requeued())], .synced, at: .zero)
        disk.killProcesses()
        #expect(try withoutEnd() == ["t1"])
    }

    /// A power cut leaves such a one, and nothing that anybody relied on is in it.
    @Test func aRecordThatWasNotFinishedIsNoLoss() throws {
        try open().append([began(1, on: 1), .unknown(kind: "later")], .synced, at: .zero)
        disk.killProcesses()
        try destroy("later")
        #expect(try withoutEnd() == [])
        try open().append([.unknown(kind: "later")], .synced, at: .zero)
        disk.killProcesses()
        #expect(try withoutEnd() == [])
    }
}
