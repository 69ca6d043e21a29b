import Log
import Primitives
import SimulatedDisk
import Storage
import Testing

@testable import config_store

@Suite struct SecretStoreTests {
    private let disk = SimulatedDisk(seed: 1)

    private var store: SecretStore {
        let log = Log(threshold: .fault)
        return SecretStore(stateFolder: "/state", runtimeFolder: "/run", files: disk, log: log) { _ in nil }
    }

    @Test func secretsThatCannotBeReadAreUnknownAndKeptAsideByTheNextChange() throws {
        #expect(try store.load() == [:])
        try store.save(["Key": Secret("one")])
        let before = disk.contents("/state/secrets")
        disk.spoil("/state/secrets", block: 0)
        let next = store
        #expect(try next.load() == nil)
        try next.save(["Key": Secret("two")])
        #expect(try store.load() == ["Key": Secret("two")])
        disk.heal()
        #expect(disk.contents("/state/secrets.unreadable-1") == before)
    }

    @Test func theSaveBeforeStandsInForSecretsThatCannotBeRead() throws {
        let first = store
        try first.save(["Key": Secret("one")])
        try first.save(["Key": Secret("two")])
        disk.spoil("/state/secrets", block: 0)
        #expect(try store.load() == ["Key": Secret("one")])
    }
}
