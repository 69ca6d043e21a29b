internal import CLinux
internal import Glibc

/// A small file that is read and replaced as a whole, and that no power cut has to spare: one for other processes of this boot, or of
/// theirs. What must survive a power cut is an `AtomicDocument`.
public struct SmallFile: Hashable, Sendable {
    /// Where a file to read may come from, and so what is accepted in its place.
    public enum Source: Hashable, Sendable {
        /// Named by whoever starts the program: may be a link or a pipe, whose other end is waited for.
        case chosen
        /// Named in a program's settings, or in a folder of theirs: may be a link to a file. Anything else is refused at once, so that nobody waits for
        /// the other end of a pipe.
        case regular
        /// Of another program or of the kernel: may be a link. A pipe in its place is not waited for.
        case foreign
        /// Put into a folder where others may write: only a regular file with a single name. A link, or a second name, could be that of
        /// a file which only we can read.
        case handedIn
    }

    /// Who may use a file: its group and its mode, whatever the umask is.
    public struct Access: Hashable, Sendable {
        /// Permission bits.
        public var mode: UInt32
        /// Its number, if it is not to be that of this process. Not being allowed to give a file away is no error.
        public var group: UInt32?

        /// - Parameters:
        ///   - mode: Permission bits.
        ///   - group: Number of the group; nil for that of this process.
        public init(mode: UInt32, group: UInt32? = nil) {
            self.mode = mode
            self.group = group
        }
    }

    public let path: String
    /// The most that is read, bytes.
    public let maximumBytes: Int

    /// - Parameters:
    ///   - path: Where it is.
    ///   - maximumBytes: The most that is read.
    public init(_ path: String, maximumBytes: Int = 4096) {
        self.path = path
        self.maximumBytes = maximumBytes
    }

    /// Reads the whole file.
    /// - Parameter source: What is accepted in its place.
    /// - Returns: All of its bytes.
    /// - Throws: `SmallFileError`; `.tooLarge` above `maximumBytes`.
    public func read(from source: Source) throws(SmallFileError) -> [UInt8] {
        let flags =
            switch source {
            case .chosen: Int32(0)
            case .foreign, .regular: O_NONBLOCK
            case .handedIn: O_NONBLOCK | O_NOFOLLOW
            }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw failure("read") }
        defer { close(descriptor) }
        if source == .handedIn || source == .regular { try check(descriptor, source) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(maximumBytes + 1, 16 * 1024))
        while bytes.count <= maximumBytes {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw failure("read")
            }
            bytes += buffer.prefix(count)
        }
        throw .tooLarge(path: path, limit: maximumBytes)
    }

    /// Puts `bytes` into place with one rename, so that a reader, and a process that is killed here, sees the old content or the new.
    /// - Parameters:
    ///   - bytes: All of the new content.
    ///   - access: Who may read it. Until it is whole, nobody but the user of this process.
    ///   - folder: Who may use its folder, which is made anew where somebody has removed it; nil where that is not ours to make.
    /// - Throws: `SmallFileError`; then the old file is still there.
    public func replace(with bytes: [UInt8], access: Access, folder: Access? = nil) throws(SmallFileError) {
        let temporary = SmallFile(path + ".new")
        // Of a process that was killed here; a folder is somebody else's and gets another name.
        if unlink(temporary.path) != 0, errno == EISDIR { rename(temporary.path, temporary.path + ".unreadable") }
        var descriptor = temporary.create()
        if descriptor < 0, errno == ENOENT, let folder, let end = path.lastIndex(of: "/") {
            try Self.makeFolder(String(path[..<end]), access: folder)
            descriptor = temporary.create()
        }
        guard descriptor >= 0 else { throw temporary.failure("create") }
        defer { close(descriptor) }
        if let group = access.group { _ = fchown(descriptor, .max, group) }
        // A write that ends early has found no room, and leaves no errno.
        errno = ENOSPC
        guard write(descriptor, bytes, bytes.count) == bytes.count, fchmod(descriptor, access.mode) == 0,
            rename(temporary.path, path) == 0
        else {
            let error = failure("write")
            unlink(temporary.path)
            throw error
        }
    }

    /// Removes the file; one that is not there is fine.
    /// - Throws: `SmallFileError`.
    public func remove() throws(SmallFileError) {
        if unlink(path) != 0, errno != ENOENT { throw failure("remove") }
    }

    /// Makes a folder unless it is there. It has exactly this access afterwards; but where it hands its group on to what is put into it (the
    /// setgid bit), and `access` names no group, it goes on to do so, because somebody with more rights prepared it.
    /// - Throws: `SmallFileError` also when something else is in its place, or a folder of another user's.
    public static func makeFolder(_ path: String, access: Access) throws(SmallFileError) {
        let place = SmallFile(path)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw place.failure("create") }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { throw place.failure("use the folder") }
        defer { close(folder) }
        var status = stat()
        guard fstat(folder, &status) == 0 else { throw place.failure("look at") }
        guard status.st_uid == geteuid() else {
            throw .unfit(path: path, expected: "a folder of our own", found: "one of user \(status.st_uid)")
        }
        if let group = access.group, group != status.st_gid { _ = fchown(folder, .max, group) }
        // A service may be kept from setting that bit, and loses it with each change where it is not in the group itself.
        let handsOn = access.group == nil ? status.st_mode & S_ISGID : 0
        guard fstat(folder, &status) == 0 else { throw place.failure("look at") }
        if status.st_mode & 0o7777 == access.mode | handsOn { return }
        // After the group, because a change of the group takes the setgid bit away.
        guard fchmod(folder, access.mode | handsOn) == 0 else { throw place.failure("set the mode of") }
    }

    /// Gives what has the name of a folder of ours and is none another name: it must keep nobody from using that folder, and may be somebody's.
    /// - Returns: Its new path; nil where nothing was in the way, or it stays there.
    public static func moveAwayUnlessFolder(_ path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return nil }
        let aside = path + ".unreadable"
        return rename(path, aside) == 0 ? aside : nil
    }

    /// Whether `path` is a folder that was prepared for another group than ours, which new files in it get (the setgid bit).
    public static func isPreparedFolder(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
        return status.st_mode & S_ISGID != 0 && status.st_gid != getegid()
    }

    private func check(_ descriptor: Int32, _ source: Source) throws(SmallFileError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("look at") }
        // That it is a folder is said by whoever reads it, in the words of the kernel.
        let isNamedFolder = source == .regular && status.st_mode & S_IFMT == S_IFDIR
        guard status.st_mode & S_IFMT == S_IFREG || isNamedFolder else {
            throw .unfit(path: path, expected: "a regular file", found: "something else")
        }
        guard source == .handedIn else { return }
        guard status.st_nlink == 1 else {
            throw .unfit(path: path, expected: "a file with one name", found: "one with \(status.st_nlink)")
        }
    }

    private func create() -> Int32 { open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600) }

    private func failure(_ operation: String) -> SmallFileError { .system(FileError(errno, operation, path)) }
}

/// A small file could not be read or written.
public enum SmallFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A system call failed.
    case system(FileError)
    /// It holds more than may be read, bytes.
    case tooLarge(path: String, limit: Int)
    /// Something else has its place.
    case unfit(path: String, expected: String, found: String)

    /// There is no such file.
    public var isAbsence: Bool {
        if case .system(let error) = self { error.errno == ENOENT } else { false }
    }

    /// One line for people: what failed on which path, and why. Nothing of the content.
    public var description: String {
        switch self {
        case .system(let error): error.cause
        case .tooLarge(let path, let limit): "expected at most \(limit) bytes in \(path)"
        case .unfit(let path, let expected, let found): "expected \(expected) at \(path), found \(found)"
        }
    }
}
