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
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw .directoryUnusable(SystemError(code: errno, operation: "open \(path)"))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let pid = Self.readPID(descriptor)
            close(descriptor)
            throw .occupied(service: service, directory: directory.path, pid: pid)
        }
        // For people and for the message above; the lock itself does not depend on it.
        let text = "\(getpid())\n"
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.utf8.count, 0)
        self.descriptor = descriptor
    }

    // The file stays: removing it would let two processes lock two files of one name.
    deinit { close(descriptor) }

    private static func readPID(_ descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let digits = String(decoding: buffer.prefix(max(count, 0)).prefix { $0 != 0x0A }, as: UTF8.self)
        return Int32(digits)
    }
}
