internal import CLinux
internal import Glibc

/// An open file. Closed when it goes out of scope; its locks go with it.
struct File: ~Copyable {
    let descriptor: Int32
    /// What errors call it.
    var path: String

    /// Opens `path`, close-on-exec, so that child processes hold neither the file nor its lock.
    init(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(StorageError) {
        descriptor = try Self.call("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode) }
        self.path = path
    }

    deinit { close(descriptor) }

    var size: Int64 {
        get throws(StorageError) { Int64(try status.st_size) }
    }

    private var status: stat {
        get throws(StorageError) {
            var status = stat()
            _ = try Self.call("examine", path) { fstat(descriptor, &status) }
            return status
        }
    }

    /// Reads up to `count` bytes at `offset`; fewer only at the end of the file.
    ///
    /// With `zeroingBadBlocks`, blocks that the device cannot read come back as zeros: one bad sector must not hide the rest.
    func read(_ count: Int, at offset: Int64, zeroingBadBlocks: Bool = false) throws(StorageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let position = offset + Int64(done)
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress.map { $0 + done }, count - done, off_t(position))
            }
            if got > 0 {
                done += got
            } else if got == 0 {
                break
            } else if errno == EIO, zeroingBadBlocks {
                done = min(count, done + Int(Self.blockBytes - position % Self.blockBytes))
            } else if errno != EINTR {
                throw StorageError(errno, "read", path)
            }
        }
        bytes.removeSubrange(done...)
        return bytes
    }

    /// Writes all of `bytes` at `offset`. After an error any part of it may be there.
    func write(_ bytes: [UInt8], at offset: Int64) throws(StorageError) {
        var done = 0
        while done < bytes.count {
            let wrote = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + off_t(done))
            }
            if wrote > 0 {
                done += wrote
            } else if wrote == 0 || errno != EINTR {
                throw StorageError(wrote == 0 ? ENOSPC : errno, "write to", path)
            }
        }
    }

    /// Forces the data, and as much of the metadata as is needed to read it back.
    func syncData() throws(StorageError) { _ = try Self.call("sync", path) { fdatasync(descriptor) } }

    func sync() throws(StorageError) { _ = try Self.call("sync", path) { fsync(descriptor) } }

    func truncate(to size: Int64) throws(StorageError) {
        _ = try Self.call("truncate", path) { ftruncate(descriptor, off_t(size)) }
    }

    func setMode(_ mode: UInt32) throws(StorageError) {
        _ = try Self.call("set the mode of", path) { fchmod(descriptor, mode) }
    }

    /// Backs the bytes up to `size` with real blocks.
    func allocate(from start: Int64, to size: Int64) throws(StorageError) {
        var result = posix_fallocate(descriptor, off_t(start), off_t(size - start))
        while result == EINTR { result = posix_fallocate(descriptor, off_t(start), off_t(size - start)) }
        if result != 0 { throw StorageError(result, "allocate space for", path) }
    }

    /// Takes the file for this process alone. Waits a moment for a process that is just ending: it may have been killed, or its lock
    /// may live on in a child between fork and exec.
    /// - Throws: `StorageError.inUse` when another one has it.
    func lock() throws(StorageError) {
        var patience = 50
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK where patience > 0:
                patience -= 1
                usleep(4000)
            case EWOULDBLOCK: throw .inUse(path: path)
            default: throw StorageError(errno, "lock", path)
            }
        }
    }

    /// Repeats `body` while a signal interrupts it.
    static func call(_ operation: String, _ path: String, _ body: () -> Int32) throws(StorageError) -> Int32 {
        while true {
            let result = body()
            if result >= 0 { return result }
            if errno != EINTR { throw StorageError(errno, operation, path) }
        }
    }

    private static let blockBytes: Int64 = 4096
}
