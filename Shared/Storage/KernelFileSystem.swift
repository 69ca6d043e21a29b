internal import CLinux
internal import Glibc

/// The file system of the machine: each call is the system call of its name.
public struct KernelFileSystem: FileSystem, Sendable {
    public init() {}

    public func open(_ path: String, _ mode: OpenMode) throws(Errno) -> FileHandle {
        let always = O_CLOEXEC | O_NOFOLLOW
        let number =
            switch mode {
            case .read: try checked { Glibc.open(path, O_RDONLY | O_NONBLOCK | always) }
            case .readWrite: try checked { Glibc.open(path, O_RDWR | O_NONBLOCK | always) }
            case .createNew(let permissions):
                try checked { Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | always, permissions) }
            }
        return FileHandle(number: number)
    }

    public func close(_ file: FileHandle) { _ = Glibc.close(file.number) }

    public func lock(_ file: FileHandle) throws(Errno) {
        // The process before may have been killed a moment ago, or its lock may live on in a child between fork and exec.
        var patience = 50
        while true {
            do throws(Errno) {
                _ = try checked { flock(file.number, LOCK_EX | LOCK_NB) }
                return
            } catch {
                guard error.code == EWOULDBLOCK, patience > 0 else { throw error }
                patience -= 1
                usleep(4000)
            }
        }
    }

    public func status(of file: FileHandle) throws(Errno) -> FileStatus {
        var status = stat()
        _ = try checked { fstat(file.number, &status) }
        return FileStatus(status)
    }

    public func status(at path: String) throws(Errno) -> FileStatus {
        var status = stat()
        _ = try checked { lstat(path, &status) }
        return FileStatus(status)
    }

    public func read(
        _ file: FileHandle,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int64
    ) throws(Errno) -> Int {
        try checked { pread(file.number, buffer.baseAddress, buffer.count, off_t(offset)) }
    }

    public func write(_ file: FileHandle, _ bytes: UnsafeRawBufferPointer, at offset: Int64)
        throws(Errno) -> Int
    {
        try checked { pwrite(file.number, bytes.baseAddress, bytes.count, off_t(offset)) }
    }

    public func truncate(_ file: FileHandle, to size: Int64) throws(Errno) {
        _ = try checked { ftruncate(file.number, off_t(size)) }
    }

    public func allocate(_ file: FileHandle, from start: Int64, to end: Int64) throws(Errno) {
        // This call returns its error instead of setting errno.
        var code = posix_fallocate(file.number, off_t(start), off_t(end - start))
        while code == EINTR { code = posix_fallocate(file.number, off_t(start), off_t(end - start)) }
        if code != 0 { throw Errno(code) }
    }

    public func setPermissions(_ file: FileHandle, _ permissions: UInt32) throws(Errno) {
        _ = try checked { fchmod(file.number, permissions) }
    }

    public func syncData(_ file: FileHandle) throws(Errno) {
        _ = try checked { fdatasync(file.number) }
    }

    public func sync(_ file: FileHandle) throws(Errno) { _ = try checked { fsync(file.number) } }

    public func rename(_ path: String, to newPath: String) throws(Errno) {
        _ = try checked { Glibc.rename(path, newPath) }
    }

    public func link(_ path: String, as newPath: String) throws(Errno) {
        _ = try checked { Glibc.link(path, newPath) }
    }

    public func remove(_ path: String) throws(Errno) { _ = try checked { unlink(path) } }

    public func makeFolder(_ path: String, permissions: UInt32) throws(Errno) {
        _ = try checked { mkdir(path, permissions) }
    }

    public func names(inFolder path: String) throws(Errno) -> [String] {
        guard let folder = opendir(path) else { throw Errno(errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                if errno != 0 { throw Errno(errno) }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    public func syncFolder(_ path: String) throws(Errno) {
        let number = try checked { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { Glibc.close(number) }
        _ = try checked { fsync(number) }
    }

    /// Repeats `call` while a signal interrupts it.
    private func checked<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw Errno(errno) }
        }
    }
}

extension FileStatus {
    fileprivate init(_ status: stat) {
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .folder
            default: .other
            }
        self.init(
            kind: kind,
            sizeBytes: Int64(status.st_size),
            permissions: UInt32(status.st_mode & 0o7777)
        )
    }
}
