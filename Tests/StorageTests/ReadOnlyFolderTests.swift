import Glibc
import SimulatedDisk
import Storage
import Testing

/// A folder that cannot be written when its owner starts: mounted read-only, most likely.
@Suite struct ReadOnlyFolderTests {
    private let bench = DiskBench(seed: 5)
    private var disk: SimulatedDisk { bench.disk }

    private func open() throws(StorageError) -> (store: ResilientJournal, records: [JournalRecord]) {
        var records: [JournalRecord] = []
        let store = try ResilientJournal(
            bench.options,
            files: disk,
            onBegin: { records = [] },
            onRecord: { records.append($0) }
        )
        return (store, records)
    }

    @discardableResult
    private func fill(_ count: Int) throws -> [JournalRecord] {
        let journal = try bench.open().journal
        try journal.append(contentsOf: JournalBench.payloads(count), durability: .immediate)
        return try journal.read(from: 0, limit: .max, maximumBytes: .max)
    }

    private func isReadOnly(_ error: StorageError?) -> Bool {
        if case .system(let error) = error { error.errno == EROFS } else { false }
    }

    @Test func aJournalIsReadAndRefusesRecordsUntilTheFolderCanBeWritten() throws {
        let records = try fill(300)
        disk.isReadOnly = true
        let (store, found) = try open()
        let journal = store.journal
        #expect(found == records)
        #expect(isReadOnly(store.obstacle))
        #expect(throws: StorageError.self) { try journal.append([1], durability: .immediate) }
        #expect(throws: StorageError.self) { try journal.append([1], durability: .batched) }
        #expect(throws: StorageError.self) { try journal.beginCompaction(keeping: \.payload) }
        #expect(throws: StorageError.self) { try store.overcomeObstacle() }
        #expect(try journal.read(from: 0, limit: .max, maximumBytes: .max) == records)

        disk.isReadOnly = false
        #expect(try store.overcomeObstacle() != nil)
        #expect(store.obstacle == nil)
        #expect(try store.overcomeObstacle() == nil)
        #expect(try store.journal.append([1], durability: .immediate) == 301)
        disk.losePower()
        #expect(try bench.open().records.count == 301)
    }

    @Test func aJournalThatIsNotThereIsEmptyUntilTheFolderCanBeWritten() throws {
        disk.isReadOnly = true
        let (store, found) = try open()
        #expect(found.isEmpty)
        #expect(try store.journal.read(from: 0, limit: 10).isEmpty)
        #expect(throws: StorageError.self) { try store.journal.append([1], durability: .immediate) }
        disk.isReadOnly = false
        #expect(try store.overcomeObstacle() != nil)
        #expect(try store.journal.append([1], durability: .immediate) == 1)
    }

    @Test func nothingIsCutOffBeforeTheFolderCanBeWritten() throws {
        let records = try fill(10)
        let whole = try #require(disk.contents("/state/log"))
        disk.put("/state/log", whole + [1, 2, 3])
        disk.isReadOnly = true
        let (store, found) = try open()
        #expect(found == records)
        #expect(disk.contents("/state/log") == whole + [1, 2, 3])
        disk.isReadOnly = false
        let report = try #require(try store.overcomeObstacle())
        #expect(report.tornBytes == 3)
        #expect(disk.contents("/state/log.cut-1") == [1, 2, 3])
    }

    /// What was mounted over the folder is another history than the one its owner goes by.
    @Test func otherRecordsThanThoseThatWereReadAreNotTakenForThem() throws {
        disk.isReadOnly = true
        let store = try open().store
        disk.isReadOnly = false
        try fill(3)
        for _ in 0..<2 { #expect(throws: StorageError.self) { try store.overcomeObstacle() } }
        #expect(store.isAnother)
    }

    @Test func anotherProcessIsNotWorkedAround() throws {
        let first = try bench.open().journal
        #expect(throws: StorageError.inUse(path: "/state/log")) { try open() }
        #expect(first.count == 0)
    }

    @Test func aDeviceThatCannotReadIsNotWorkedAround() throws {
        try fill(3)
        disk.killProcesses()
        disk.plan(DiskFault(call: 1, kinds: [.read], effect: .error(.deviceFailed), lasting: .fromThenOn))
        #expect(throws: StorageError.self) { try open() }
    }

    /// What an earlier process wrote and did not force may be gone with the next power cut.
    @Test func whatADeviceCannotForceIsReadAndDoubted() throws {
        let records = try fill(3)
        disk.killProcesses()
        disk.plan(DiskFault(call: 1, kinds: [.sync], effect: .error(.deviceFailed), lasting: .fromThenOn))
        let (store, found) = try open()
        #expect(found == records && store.obstacle == nil)
        #expect(throws: StorageError.self) { try store.journal.append([1], durability: .immediate) }
    }

    @Test func aDamagedDocumentIsNoObstacleAndIsKeptByTheNextSave() throws {
        disk.put("/state/doc", [1, 2, 3])
        disk.isReadOnly = true
        var document = bench.document()
        let loaded = try document.load()
        #expect(loaded.body == nil)
        #expect(loaded.setAside.map(\.path) == ["/state/doc"])
        disk.isReadOnly = false
        try document.save([9])
        #expect(disk.contents("/state/doc.unreadable-1") == [1, 2, 3])
    }
}
