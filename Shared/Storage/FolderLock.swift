internal import Glibc

/// A lock on a state folder, for a service whose files are replaced as a whole and cannot be locked themselves. Lasts until it goes out of scope,
/// or the process ends.
public final class FolderLock {
    private let file: File

    /// Takes the lock.
    /// - Parameters:
    ///   - path: The file that stands for the lock; it is made where it is missing, holds nothing and stays.
    ///   - files: Where it lies.
    /// - Throws: `StorageError.inUse` when another process has it; `.full` or `.system` when there can be no lock, on a file system that is
    ///   mounted read-only for instance, where nobody can write over anything.
    public init(path: String, files: any FileSystem = KernelFileSystem()) throws(StorageError) {
        let directory = Directory(files: files, meter: WriteMeter())
        file = try Self.open(path, directory)
        try file.lock()
    }

    private static func open(_ path: String, _ directory: Directory) throws(StorageError) -> File {
        switch try directory.openRegular(path, .read) {
        case .file(let file): return file
        case .unfit(let reason): _ = try directory.setAside(path, reason: reason)
        case .absent: break
        }
        do throws(StorageError) {
            return try directory.open(path, .createNew(permissions: 0o640))
        } catch .system(let error) where error.errno == EEXIST {
            // Another process has made it since.
            return try directory.open(path, .read)
        }
    }
}
