internal import EventLoop
internal import Glibc

/// Follows a file that a program appends to, and that is there after this process, for the next one to read.
///
/// A pipe would not do: a program that outlives its reader has nobody to write to, and what it wrote before is gone. The file lies in memory, so
/// that it is cut when it has grown: what stands at its beginning stays, since that is what the next process wants to know of a call. The
/// program has to append (`O_APPEND`, as `pppd` does), or it would write behind a hole.
final class LogTail {
    /// Bytes taken in one turn of the loop; the rest is taken in the next ones.
    private static let bytesPerTurn = 64 << 10

    /// Bytes that make the file be cut, and those that stay then.
    static let longest: Int = 256 << 10
    static let kept: Int = 16 << 10

    private let file: Int32
    private let notifications: Int32
    private let loop: EventLoop
    private let receive: ([UInt8]) -> Void
    private var watch: Watch?

    /// - Parameters:
    ///   - path: The file; made, for this process alone, when it is not there.
    ///   - isNew: Whether what is in it already is of no interest, and is dropped.
    ///   - loop: Calls the handler.
    ///   - receive: Called with what is there, and what is appended, cut anywhere.
    /// - Throws: `SystemError`.
    init(
        path: String,
        isNew: Bool,
        loop: EventLoop,
        receive: @escaping ([UInt8]) -> Void
    ) throws(SystemError) {
        // Nobody is waited for at the other end of a pipe.
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (isNew ? O_TRUNC : 0)
        let file = open(path, flags, 0o600)
        guard file >= 0 else { throw SystemError(code: errno, operation: "open \(path)") }
        let notifications = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard notifications >= 0, inotify_add_watch(notifications, path, UInt32(IN_MODIFY)) >= 0 else {
            let error = SystemError(code: errno, operation: "follow \(path)")
            if notifications >= 0 { Glibc.close(notifications) }
            Glibc.close(file)
            throw error
        }
        self.file = file
        self.notifications = notifications
        self.loop = loop
        self.receive = receive
        watch = loop.watch(descriptor: notifications, for: "what a program writes") { [unowned self] _ in
            var buffer = [UInt8](repeating: 0, count: 4096)
            // What it says does not matter: the file is read to its end.
            while read(notifications, &buffer, buffer.count) > 0 {}
            take()
        }
        loop.enqueue { [weak self] in self?.take() }
    }

    deinit {
        close()
        Glibc.close(notifications)
        Glibc.close(file)
    }

    /// Nothing is received any more.
    func close() {
        if let watch { loop.unwatch(watch) }
        watch = nil
    }

    private func take() {
        guard watch != nil else { return }
        var buffer = [UInt8](repeating: 0, count: Self.bytesPerTurn)
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return }
        receive(Array(buffer.prefix(count)))
        if count == buffer.count {
            loop.enqueue { [weak self] in self?.take() }
        } else {
            cutIfLong()
        }
    }

    /// All of it was read, but for what came in this moment.
    private func cutIfLong() {
        guard lseek(file, 0, SEEK_CUR) >= Self.longest, ftruncate(file, Self.kept) == 0 else { return }
        lseek(file, Self.kept, SEEK_SET)
    }
}
