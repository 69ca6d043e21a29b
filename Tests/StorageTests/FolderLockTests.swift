import SimulatedDisk
import Storage
import Testing

@Suite struct FolderLockTests {
    private let disk = SimulatedDisk(seed: 1)
    private let path = "/state/service.lock"

    @Test func oneProcessHasIt() throws {
        var first: FolderLock? = try FolderLock(path: path, files: disk)
        #expect(first != nil)
        #expect(throws: StorageError.inUse(path: path)) { try FolderLock(path: path, files: disk) }
        first = nil
        _ = try FolderLock(path: path, files: disk)
    }

    @Test func itOutlivesNoProcess() throws {
        _ = try FolderLock(path: path, files: disk)
        disk.killProcesses()
        _ = try FolderLock(path: path, files: disk)
    }

    @Test func aFolderInItsPlaceIsMoved() throws {
        try disk.makeFolder(path, permissions: 0o755)
        let lock = try FolderLock(path: path, files: disk)
        #expect(disk.list("/state").contains("service.lock.unreadable-1"))
        withExtendedLifetime(lock) {}
    }

    /// Where nothing can be written the file may be there from before, or there is no lock.
    @Test func aReadOnlyFolderIsLockedWhereItCanBe() throws {
        disk.isReadOnly = true
        #expect(throws: StorageError.self) { try FolderLock(path: path, files: disk) }
        disk.isReadOnly = false
        _ = try FolderLock(path: path, files: disk)
        disk.isReadOnly = true
        let lock = try FolderLock(path: path, files: disk)
        #expect(throws: StorageError.inUse(path: path)) { try FolderLock(path: path, files: disk) }
        withExtendedLifetime(lock) {}
    }
}
