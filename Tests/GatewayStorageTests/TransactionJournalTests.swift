import GatewayCore
import GatewayStorage
import Glibc
import Primitives
import SimulatedDisk
import Storage
import Testing

@Suite struct TransactionJournalTests {
    private let disk = SimulatedDisk(seed: 1)
    /// May be given up on a full disk, so that the reserve is not for it.
    private let expendable = [GatewayCore.JournalRecord.unknown(kind: "later")]
    private let needed = [GatewayCore.JournalRecord.requeued(Requeued())]

    private func open() throws(StorageError) -> TransactionJournal {
        try TransactionJournal(directory: "/state", files: disk, log: { _ in })
    }

    @Test func anExpendableRecordWhoseSyncFailsIsNotAcknowledged() throws {
        let journal = try open()
        disk.plan(DiskFault(call: 1, kinds: [.syncData], effect: .error(Errno(EIO))))
        #expect(throws: StorageError.self) { try journal.append(expendable, .synced, at: .zero) }
        // Nothing of it remains, so that it may be tried again.
        try journal.append(expendable, .synced, at: .zero)
        let text = String(decoding: disk.durableContents("/state/transactions.journal") ?? [], as: UTF8.self)
        #expect(text.split(separator: "later", omittingEmptySubsequences: false).count == 2)
    }

    @Test func anExpendableRecordDoesNotUseTheReserveUp() throws {
        let journal = try open()
        disk.capacityBytes = disk.usedBytes
        #expect(throws: StorageError.self) {
            for _ in 0..<500 { try journal.append(expendable, .synced, at: .zero) }
        }
        for _ in 0..<500 { try journal.append(needed, .synced, at: .zero) }
    }
}
