import BusSchema
import ConfigCore
import Glibc
import Log
import Primitives
import SimulatedDisk
import Storage
import Testing

@testable import config_store

@Suite struct SettingsJournalTests {
    private let disk = SimulatedDisk(seed: 1)
    private let log = Log(threshold: .fault)

    private func open() throws -> (journal: SettingsJournal, revisions: [Int64]) {
        var revisions: [Int64] = []
        let journal = try SettingsJournal(folder: "/state", files: disk, log: log) {
            revisions.append($0.change.revision)
        }
        return (journal, revisions)
    }

    private func change(_ revision: Int64) -> StoredChange {
        let text = String(repeating: "x", count: 150)
        return StoredChange(
            change: ConfigChange(
                revision: revision,
                at: 0,
                key: "Key",
                oldValue: text,
                newValue: text,
                source: .chargectl
            ),
            stored: text
        )
    }

    @Test func aCompactionIsDoneInPartsAndWhatIsSetMeanwhileIsKept() throws {
        let journal = try open().journal
        for revision in 1...3000 { try journal.append(change(Int64(revision))) }
        var asked = 0
        let hasBegun = journal.beginCompactionIfWorthwhile { stored in
            asked += 1
            return stored.change.revision > 2900
        }
        #expect(hasBegun)
        #expect(asked == 0)
        #expect(!journal.beginCompactionIfWorthwhile { _ in true })
        var parts = 0
        var isGoingOn = true
        while isGoingOn {
            asked = 0
            isGoingOn = journal.continueCompaction()
            parts += 1
            // A record here has more than 400 bytes, and a part reads 64 KiB.
            #expect(asked <= 164)
            if parts == 2 { try journal.append(change(3001)) }
        }
        #expect(parts > 15)
        disk.killProcesses()
        #expect(try open().revisions == Array(2901...3001))
    }

    /// Of 2001 changes, for which there was no room.
    private func afterAFailedCompaction() throws -> SettingsJournal {
        let journal = try open().journal
        for revision in 1...2001 { try journal.append(change(Int64(revision))) }
        #expect(journal.beginCompactionIfWorthwhile { _ in false })
        disk.plan(DiskFault(call: 1, kinds: [.write], effect: .error(Errno(ENOSPC))))
        // The first part has nothing to write, since nothing is kept: the fault strikes the header at the end.
        while journal.continueCompaction() {}
        disk.heal()
        return journal
    }

    /// Values are served, changes are refused with the reason, until the folder can be written again.
    @Test func aFolderThatCannotBeWrittenIsRead() throws {
        try open().journal.append(change(1))
        disk.killProcesses()
        disk.isReadOnly = true
        let (journal, revisions) = try open()
        #expect(revisions == [1])
        #expect(journal.obstacle?.description.contains("read-only") == true)
        #expect(throws: StorageError.self) { try journal.append(change(2)) }
        disk.isReadOnly = false
        try journal.append(change(2))
        disk.killProcesses()
        #expect(try open().revisions == [1, 2])
    }

    @Test func aFailedCompactionLosesNothingAndIsTriedAgainMuchLater() throws {
        let journal = try afterAFailedCompaction()
        #expect(!journal.beginCompactionIfWorthwhile { _ in false })
        disk.killProcesses()
        #expect(try open().revisions.count == 2001)
    }

    /// There is room again, and as many changes more as there were: the next one that is worth it makes the file short.
    @Test func afterAFullDiskTheCompactionIsTriedAgainAndSucceeds() throws {
        let journal = try afterAFailedCompaction()
        var revision: Int64 = 2001
        var hasBegun = false
        while !hasBegun, revision < 5000 {
            revision += 1
            try journal.append(change(revision))
            hasBegun = journal.beginCompactionIfWorthwhile { $0.change.revision > 3900 }
        }
        #expect(revision == 4003)
        while journal.continueCompaction() {}
        disk.killProcesses()
        #expect(try open().revisions == Array(3901...4003))
    }

    @Test func groupsAreLookedUpOnceBeforeAnySecretIsHandedOver() throws {
        let folder = "/tmp/secret-store-test-\(getpid())"
        #expect(mkdir(folder, 0o700) == 0)
        defer {
            for owner in [ServiceName.ocppGateway, .hardwareIO] {
                unlink("\(folder)/secrets/\(owner)/Key")
                rmdir("\(folder)/secrets/\(owner)")
            }
            rmdir(folder + "/secrets")
            rmdir(folder + "/secrets-in")
            rmdir(folder)
        }
        var asked: [String] = []
        let store = SecretStore(stateFolder: folder, runtimeFolder: folder, log: log) { name in
            asked.append(name)
            return nil
        }
        #expect(asked.sorted() == (["charger-control"] + ServiceName.daemons.map(\.rawValue)).sorted())
        asked = []
        try store.makeFolders()
        for owner in [ServiceName.ocppGateway, .hardwareIO, .ocppGateway] {
            try store.handOver(Secret("hunter2"), key: "Key", owner: owner)
            #expect(access("\(folder)/secrets/\(owner)/Key", R_OK) == 0)
        }
        #expect(asked.isEmpty)
    }
}
