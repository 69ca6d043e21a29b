internal import Glibc

/// A system call failed.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    public var errno: Int32
    /// What was tried, in words that follow "cannot": `open`, `write to` …
    public var operation: String
    public var path: String

    public init(_ errno: Int32, _ operation: String, _ path: String) {
        self.errno = errno
        self.operation = operation
        self.path = path
    }

    /// One line for people: what failed on which path, why, and what to do about it where that is known.
    public var description: String {
        advice.map { "\(cause); \($0)" } ?? cause
    }

    /// What failed on which path, and why.
    var cause: String { "cannot \(operation) \(path): \(reason)" }

    /// The words of the system for why it failed.
    public var reason: String { String(cString: strerror(errno)) }

    private var advice: String? {
        switch errno {
        case EACCES, EPERM:
            "the user of the service needs read and write access to it and to its folder"
        case EROFS: "the file system is mounted read-only; check it and mount it writable"
        case ENOENT, ENOTDIR: "create the folder, or name another one with --state-dir"
        case EIO: "the device reports errors; check the kernel log and replace it"
        case EMFILE, ENFILE: "too many open files"
        default: nil
        }
    }
}
