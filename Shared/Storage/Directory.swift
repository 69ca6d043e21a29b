internal import Glibc

/// Operations on names in the folders of one file system.
struct Directory {
    let files: any FileSystem
    let meter: WriteMeter
    /// What `clear` had to give another name.
    let moved = Moved()

    /// Named values, since a directory is copied.
    final class Moved {
        private var all: [SetAside] = []

        func add(_ entry: SetAside) { all.append(entry) }

        /// Each is told once.
        func take() -> [SetAside] {
            defer { all = [] }
            return all
        }
    }

    /// The folder that `path` is in.
    static func containing(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> File {
        try File(path, mode, in: files, meter: meter)
    }

    /// Makes an empty file at `path`; what had the name before is removed, or has another one.
    func replace(_ path: String, permissions: UInt32) throws(StorageError) -> File {
        try clear(path)
        return try open(path, .createNew(permissions: permissions))
    }

    /// Makes renames and removals in the folder of `path` durable.
    func sync(containing path: String) throws(StorageError) {
        do throws(Errno) {
            try files.syncFolder(Self.containing(path))
        } catch {
            throw StorageError(error, "sync", Self.containing(path))
        }
        meter.countSync()
    }

    func rename(_ path: String, to newPath: String) throws(StorageError) {
        do throws(Errno) {
            try files.rename(path, to: newPath)
        } catch {
            throw StorageError(error, "rename", path)
        }
    }

    /// Gives the file at `path` a second name, which must be free.
    func link(_ path: String, as newPath: String) throws(StorageError) {
        do throws(Errno) {
            try files.link(path, as: newPath)
        } catch {
            throw StorageError(error, "link", path)
        }
    }

    /// Removes the file at `path`; one that is not there is fine.
    func remove(_ path: String) throws(StorageError) {
        do throws(Errno) {
            try files.remove(path)
        } catch {
            if error.code != ENOENT { throw StorageError(error, "remove", path) }
        }
    }

    /// Makes the name `path` free for a file of ours. What has it is a leftover of ours and is removed; a folder is somebody else's, and
    /// gets another name.
    func clear(_ path: String) throws(StorageError) {
        do throws(StorageError) {
            try remove(path)
        } catch {
            guard try status(path)?.kind == .folder else { throw error }
            moved.add(try setAside(path, reason: "it is a folder"))
        }
    }

    /// The same where that only tidies up: the next start or the next save does it otherwise.
    func discard(_ path: String) {
        do throws(StorageError) {
            try clear(path)
        } catch {
            // A leftover wastes space and does no other harm.
        }
    }

    /// What has the name `path`; nil when nothing has.
    func status(_ path: String) throws(StorageError) -> FileStatus? {
        do throws(Errno) {
            return try files.status(at: path)
        } catch {
            if error.code == ENOENT { return nil }
            throw StorageError(error, "open", path)
        }
    }

    /// Opens the regular file at `path`; nil when there is none, a reason when something else has its place.
    func openRegular(_ path: String, _ mode: OpenMode) throws(StorageError) -> Opened {
        guard let status = try status(path) else { return .absent }
        guard status.kind == .regular else { return .unfit("it is not a regular file") }
        return .file(try open(path, mode))
    }

    /// The same with patience for the device.
    func openRegular(_ path: String, _ mode: OpenMode, _ tryAgain: DevicePatience) throws(StorageError) -> Opened {
        try askPatiently(tryAgain) { () throws(StorageError) in try openRegular(path, mode) }
    }

    enum Opened {
        case absent
        case unfit(String)
        case file(File)
    }
}
