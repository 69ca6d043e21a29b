internal import Glibc

/// Where the lines of a log go, without ever waiting for a reader.
///
/// How depends on what the descriptor is:
/// - A pipe or a terminal is opened once more through `/proc/self/fd`: that makes an open file description of our own, so that
///   `O_NONBLOCK` holds for us and not for the shell or the other processes that share standard error. Where that is not allowed, the
///   kernel is asked for room before each write; only another writer that takes the room in between could make us wait then.
/// - A socket (journald's stream) cannot be opened again; `MSG_DONTWAIT` says the same for each single call.
/// - A file takes what it gets into the page cache and has no notion of waiting. It is used as it is: opened again, it would be written
///   from its beginning.
final class LogSink {
    enum Outcome: Equatable {
        /// So many bytes were taken: all, or fewer by a socket with little room.
        case written(Int)
        /// The reader is behind.
        case full
        /// Nobody reads any more, or the disk is full.
        case failed
    }

    private enum Way {
        case write
        case askThenWrite
        case send
    }

    /// What to watch for room.
    let descriptor: Int32
    private let way: Way
    private let isOwned: Bool

    /// - Parameter borrowed: Open as long as this lives; its flags stay as they are.
    init(borrowed: Int32) {
        var status = stat()
        guard fstat(borrowed, &status) == 0 else {
            (descriptor, way, isOwned) = (borrowed, .write, false)
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK:
            (descriptor, way, isOwned) = (borrowed, .send, false)
        case S_IFIFO, S_IFCHR:
            let own = open("/proc/self/fd/\(borrowed)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            (descriptor, way, isOwned) = own >= 0 ? (own, .write, true) : (borrowed, .askThenWrite, false)
        default:
            (descriptor, way, isOwned) = (borrowed, .write, false)
        }
    }

    deinit {
        if isOwned { close(descriptor) }
    }

    /// Hands `bytes` to the kernel, without waiting. At most `LineFormat.maximumBytes`, which a pipe takes whole or not at all.
    func write(_ bytes: ArraySlice<UInt8>) -> Outcome {
        if case .askThenWrite = way, !hasRoom(within: 0) { return .full }
        while true {
            let count = bytes.withUnsafeBytes { buffer in
                switch way {
                case .write, .askThenWrite: Glibc.write(descriptor, buffer.baseAddress, buffer.count)
                case .send:
                    Glibc.send(
                        descriptor,
                        buffer.baseAddress,
                        buffer.count,
                        Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
                    )
                }
            }
            if count >= 0 { return .written(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK, ENOBUFS: return .full
            default: return .failed
            }
        }
    }

    /// Whether there is room, or comes within so many milliseconds.
    func hasRoom(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}
