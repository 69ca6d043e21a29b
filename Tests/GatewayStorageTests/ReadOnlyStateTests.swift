import GatewayStorage
import OCPP
import Primitives
import SimulatedDisk
import Storage
import Testing

@testable import GatewayCore

/// The gateway starts with a state folder that cannot be written.
@Suite struct ReadOnlyStateTests {
    private let disk = SimulatedDisk(seed: 1)

    private func open() throws(StorageError) -> TransactionJournal {
        try TransactionJournal(directory: "/state", files: disk, replacesUnreadable: true, log: { _ in })
    }

    private func begun() -> GatewayCore.JournalRecord {
        .began(
            Began(
                sequence: 1,
                messageId: "m",
                transaction: "t",
                connectorId: 1,
                idTag: "CARD",
                meterStartWh: 0,
                time: EventTime(utc: 0, boot: nil, uptime: 0),
                boot: "boot"
            )
        )
    }

    @Test func itKnowsItsTransactionsAndStoresAgainOnceItCan() throws {
        try open().append([begun()], .synced, at: .zero)
        disk.killProcesses()
        disk.isReadOnly = true
        let journal = try open()
        #expect(journal.restored.open[1]?.began.transaction == "t")
        #expect(journal.obstacle != nil)
        #expect(throws: StorageError.self) { try journal.append([.unknown(kind: "x")], .synced, at: .zero) }
        #expect(throws: StorageError.self) { try journal.append([], .synced, at: .zero) }
        #expect(!journal.isAnother)

        disk.isReadOnly = false
        try journal.append([.unknown(kind: "x")], .synced, at: .zero)
        #expect(journal.obstacle == nil)
        #expect(disk.contents("/state/transactions.reserve")?.count == 1 << 20)
    }

    @Test func aHistoryThatItHasNotReadMakesItBeginAnew() throws {
        disk.isReadOnly = true
        let journal = try open()
        disk.isReadOnly = false
        try open().append([begun()], .synced, at: .zero)
        disk.killProcesses()
        #expect(throws: StorageError.self) { try journal.append([.unknown(kind: "x")], .synced, at: .zero) }
        #expect(journal.isAnother)
    }

    /// Until somebody has seen to it, since bills may be in there.
    @Test func whatCouldNotBeReadIsNamedByEachProcessUntilItIsMoved() throws {
        let path = "/state/transactions.journal"
        try open().append(Array(repeating: begun(), count: 40), .synced, at: .zero)
        #expect(try open(afterwards: true).keptAside.isEmpty)
        disk.spoil(path, block: 1)
        for _ in 0..<2 { #expect(try open(afterwards: true).keptAside == ["transactions.journal.unreadable-1"]) }
        try disk.remove(path + ".unreadable-1")
        #expect(try open(afterwards: true).keptAside.isEmpty)
    }

    /// Another process, when the one before is gone.
    private func open(afterwards: Bool) throws(StorageError) -> TransactionJournal {
        disk.killProcesses()
        return try open()
    }
}
