internal import EventLoop
internal import Glibc

/// Where the listening socket of a file comes from.
enum ListenerSource {
    /// We make it, for that group if it is there.
    case made(groupId: UInt32?)
    /// Somebody else has; its descriptor, which stays open.
    case inherited(Int32)

    /// A listener that is the caller's to close.
    func makeListener(at path: String) throws(SystemError) -> Int32 {
        switch self {
        case .made(let groupId): return try LocalSocket.listen(at: path, mode: 0o660, groupId: groupId)
        case .inherited(let descriptor):
            let listener = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            guard listener >= 0 else { throw SystemError(code: errno, operation: "take over \(path)") }
            return listener
        }
    }
}
