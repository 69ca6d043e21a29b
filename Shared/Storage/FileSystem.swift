internal import Glibc

/// The calls to the operating system that storing needs, and no others. `KernelFileSystem` makes them for the product; tests put a
/// simulated disk behind the same calls, so that what runs there is the real journal and the real documents.
///
/// Every call either did what it says or throws the number of the error; none is interrupted by a signal. Paths are absolute, or
/// relative to the working folder; no symbolic link is followed at the end of a path that is opened.
public protocol FileSystem {
    /// Opens the file at `path`, close-on-exec.
    /// - Throws: `ENOENT` when there is none and `mode` does not make one, `EEXIST` when `mode` wants a new one and there is one,
    ///   `ELOOP` for a symbolic link.
    func open(_ path: String, _ mode: OpenMode) throws(Errno) -> FileHandle
    /// Closes the file; its lock goes with it. Errors of what was written are not reported here: whoever needs to know syncs.
    func close(_ file: FileHandle)
    /// Takes the file for this process alone. May wait a fraction of a second for a process that is just ending.
    /// - Throws: `EWOULDBLOCK` when another process has it.
    func lock(_ file: FileHandle) throws(Errno)

    /// What an open file is.
    func status(of file: FileHandle) throws(Errno) -> FileStatus
    /// What has the name `path`, links not followed.
    /// - Throws: `ENOENT` when nothing has.
    func status(at path: String) throws(Errno) -> FileStatus

    /// Reads into `buffer` from `offset` on; returns how many bytes, 0 at the end of the file. May be fewer than asked for.
    func read(_ file: FileHandle, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64)
        throws(Errno) -> Int
    /// Writes from `offset` on; returns how many bytes. May be fewer than asked for.
    func write(_ file: FileHandle, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno)
        -> Int
    /// Makes the size `size`; what is cut off is gone, what is added is zero.
    func truncate(_ file: FileHandle, to size: Int64) throws(Errno)
    /// Backs the bytes from `start` up to `end` with real blocks, and makes the file at least that long.
    func allocate(_ file: FileHandle, from start: Int64, to end: Int64) throws(Errno)
    /// Sets the permissions, whatever the umask is.
    func setPermissions(_ file: FileHandle, _ permissions: UInt32) throws(Errno)
    /// Forces the data, and as much of the rest as is needed to read it back (fdatasync).
    func syncData(_ file: FileHandle) throws(Errno)
    /// Forces everything about the file (fsync), but not its name.
    func sync(_ file: FileHandle) throws(Errno)

    /// Gives the file at `path` the name `newPath`, in one step; what had that name loses it.
    func rename(_ path: String, to newPath: String) throws(Errno)
    /// Gives the file at `path` the second name `newPath`.
    /// - Throws: `EEXIST` when that is taken.
    func link(_ path: String, as newPath: String) throws(Errno)
    /// Removes a name of a file.
    /// - Throws: `ENOENT` when there is none.
    func remove(_ path: String) throws(Errno)
    /// Makes a folder.
    /// - Throws: `EEXIST` when something has the name.
    func makeFolder(_ path: String, permissions: UInt32) throws(Errno)
    /// The names in a folder, without `.` and `..`, in no order.
    func names(inFolder path: String) throws(Errno) -> [String]
    /// Makes the names in a folder durable.
    func syncFolder(_ path: String) throws(Errno)
}

/// An open file, as a `FileSystem` numbers it.
public struct FileHandle: Hashable, Sendable {
    public let number: Int32

    public init(number: Int32) { self.number = number }
}

/// The number of a system error (`errno.h`).
public struct Errno: Error, Hashable, Sendable {
    public let code: Int32

    public init(_ code: Int32) { self.code = code }

    /// The device failed (`EIO`).
    public static let deviceFailed = Errno(EIO)
    /// The device is full (`ENOSPC`).
    public static let deviceFull = Errno(ENOSPC)
}

/// How a file is opened.
public enum OpenMode: Hashable, Sendable {
    /// To read one that exists. Never waits, even when a pipe has the name.
    case read
    /// To read and write one that exists. Never waits either.
    case readWrite
    /// To read and write one that does not exist yet.
    case createNew(permissions: UInt32)
}

/// What `status` tells of a file.
public struct FileStatus: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case regular
        case folder
        /// A link, a pipe, a socket or a device.
        case other
    }

    public var kind: Kind
    public var sizeBytes: Int64
    /// The nine permission bits and the three above them.
    public var permissions: UInt32

    public init(kind: Kind, sizeBytes: Int64, permissions: UInt32) {
        self.kind = kind
        self.sizeBytes = sizeBytes
        self.permissions = permissions
    }
}
