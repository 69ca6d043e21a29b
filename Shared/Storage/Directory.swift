internal import Glibc

/// Operations on names in folders.
enum Directory {
    /// The folder that `path` is in.
    static func containing(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes renames and removals in the folder of `path` durable.
    static func sync(containing path: String) throws(StorageError) {
        try File(containing(path), O_RDONLY | O_DIRECTORY).sync()
    }

    static func rename(_ path: String, to newPath: String) throws(StorageError) {
        _ = try File.call("rename", path) { Glibc.rename(path, newPath) }
    }

    /// Gives the file at `path` a second name, which must be free.
    static func link(_ path: String, as newPath: String) throws(StorageError) {
        _ = try File.call("link", path) { Glibc.link(path, newPath) }
    }

    /// Removes the file at `path`; one that is not there is fine.
    static func remove(_ path: String) throws(StorageError) {
        if unlink(path) != 0, errno != ENOENT { throw StorageError(errno, "remove", path) }
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Opens the regular file at `path`; nil when there is none, a reason when something else has its place.
    static func openRegular(_ path: String, _ flags: Int32) throws(StorageError) -> Opened {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return .absent }
            throw StorageError(errno, "open", path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return .unfit("it is not a regular file") }
        return .file(try File(path, flags | O_NOFOLLOW))
    }

    enum Opened: ~Copyable {
        case absent
        case unfit(String)
        case file(File)
    }
}
