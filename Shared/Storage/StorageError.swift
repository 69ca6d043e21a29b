internal import Glibc

/// Why nothing was stored or could be opened. Never leaves anything half-written behind.
public enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    case system(FileError)
    /// The device, or the quota on it, is full.
    case full(path: String)
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// Another process has it open.
    case inUse(path: String)

    public var description: String {
        switch self {
        case .system(let error): error.description
        case .full(let path):
            "no space left on the device for \(path); free some space or move the state folder"
        case .tooLarge(let path, let bytes, let limit):
            "\(bytes) bytes are too many for \(path): the limit is \(limit)"
        case .inUse(let path):
            "\(path) is in use by another process; only one service may run on a state folder"
        }
    }

    /// The error of a system call that failed.
    init(_ error: Errno, _ operation: String, _ path: String) {
        switch error.code {
        case ENOSPC, EDQUOT, EFBIG: self = .full(path: path)
        default: self = .system(FileError(error.code, operation, path))
        }
    }

    /// The device could not read it.
    static func unreadable(_ path: String) -> StorageError { .system(FileError(EIO, "read", path)) }

    /// The device failed, perhaps only for a while.
    public var isDeviceError: Bool {
        if case .system(let error) = self { error.errno == EIO } else { false }
    }

    var isInUse: Bool { if case .inUse = self { true } else { false } }

    var isFull: Bool { if case .full = self { true } else { false } }
}
