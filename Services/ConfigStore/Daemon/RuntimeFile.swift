internal import Glibc

/// A file or folder in the runtime directory could not be used.
struct RuntimeFileError: Error, CustomStringConvertible {
    let description: String

    init(_ operation: String, _ path: String, _ errno: Int32) {
        description = "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
    }

    init(_ description: String) { self.description = description }
}

/// Small files for other processes of this boot. They need no sync: the runtime directory ends with the boot.
enum RuntimeFile {
    /// Makes the folder unless it is there. Belongs to `group` afterwards, if we may give it away, and has the mode.
    /// - Throws: `RuntimeFileError` also when something else is in its place, or a folder of another user's.
    static func makeFolder(_ path: String, mode: mode_t, group: gid_t?) throws(RuntimeFileError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw RuntimeFileError("create", path, errno) }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { throw RuntimeFileError("use the folder", path, errno) }
        defer { close(folder) }
        var status = stat()
        guard fstat(folder, &status) == 0 else { throw RuntimeFileError("look at", path, errno) }
        guard status.st_uid == geteuid() else {
            throw RuntimeFileError("expected a folder of our own at \(path), found one of user \(status.st_uid)")
        }
        // After the group, because a change of the group takes the setgid bit away.
        if let group { _ = fchown(folder, .max, group) }
        guard fchmod(folder, mode) == 0 else { throw RuntimeFileError("set the mode of", path, errno) }
    }

    /// Puts `bytes` into place with one rename, so that a reader sees the old content or the new.
    static func replace(_ path: String, with bytes: [UInt8], mode: mode_t, group: gid_t?) throws(RuntimeFileError) {
        let temporary = path + ".new"
        unlink(temporary)  // Of a process that was killed here.
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RuntimeFileError("create", temporary, errno) }
        defer { close(descriptor) }
        if let group { _ = fchown(descriptor, .max, group) }
        guard write(descriptor, bytes, bytes.count) == bytes.count, fchmod(descriptor, mode) == 0,
            rename(temporary, path) == 0
        else {
            let cause = errno
            unlink(temporary)
            throw RuntimeFileError("write", path, cause)
        }
    }

    /// Reads a whole regular file of at most `limit` bytes.
    static func read(_ path: String, atMost limit: Int) throws(RuntimeFileError) -> [UInt8] {
        // Non-blocking, so that a pipe in its place cannot hold us up.
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw RuntimeFileError("read", path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw RuntimeFileError("expected a regular file at \(path)")
        }
        // A second name would be that of a file which somebody else can read, or which only we can.
        guard status.st_nlink == 1 else { throw RuntimeFileError("expected a file with one name at \(path)") }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw RuntimeFileError("read", path, errno) }
        guard count <= limit else { throw RuntimeFileError("expected at most \(limit) bytes in \(path)") }
        return Array(bytes.prefix(count))
    }

    /// Removes the file; one that is not there is fine.
    static func remove(_ path: String) throws(RuntimeFileError) {
        if unlink(path) != 0, errno != ENOENT { throw RuntimeFileError("remove", path, errno) }
    }
}
