internal import BusSchema
internal import EventLoop
internal import Glibc

/// The right to be one service in one runtime directory: a locked file that holds the pid. The kernel gives it back however we end.
final class ServiceLock {
    private let descriptor: Int32

    /// - Throws: `BusStartError.occupied` when somebody has it, `directoryUnusable` when there is no place for it.
    init(_ service: ServiceName, in directory: RuntimeDirectory) throws(BusStartError) {
        let path = directory.lockPath(service)
        directory.moveAway(path)
        var descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        let isNew = descriptor < 0 && errno == ENOENT
        if isNew { descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o640) }
        guard descriptor >= 0 else {
            throw .directoryUnusable(SystemError(code: errno, operation: "open \(path)"))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let pid = Self.readPID(descriptor)
            close(descriptor)
            throw .occupied(service: service, directory: directory.path, pid: pid)
        }
        // For people, for the message above and for `holder`; the lock itself does not depend on it. Any other service may read it, whatever
        // the umask is; whoever made the file before us has decided that.
        if isNew { _ = fchmod(descriptor, 0o644) }
        let text = "\(getpid())\n"
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.utf8.count, 0)
        self.descriptor = descriptor
    }

    // The file stays: removing it would let two processes lock two files of one name.
    deinit { close(descriptor) }

    /// The process that took the place of `service` in `directory` last, and the user whose file says so; nil when nobody did. Nobody else may
    /// write that file where each service has a user of its own. The process may be gone, and its number another one's; so whoever says that he
    /// is the service must be of that user, too.
    static func holder(of service: ServiceName, in directory: RuntimeDirectory) -> (process: Int32, user: UInt32)? {
        // The name came in a message, and becomes a path.
        let letters = service.rawValue.utf8
        guard letters.count <= 64, letters.allSatisfy({ (0x61...0x7A).contains($0) || $0 == 0x2D }) else { return nil }
        let descriptor = open(directory.lockPath(service), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, let process = readPID(descriptor) else { return nil }
        return (process, status.st_uid)
    }

    private static func readPID(_ descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let digits = String(decoding: buffer.prefix(max(count, 0)).prefix { $0 != 0x0A }, as: UTF8.self)
        return Int32(digits)
    }
}
