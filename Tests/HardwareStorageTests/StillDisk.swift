import Glibc
import Storage

/// Where a disk stands still until a test lets it go on: two pipes, since nothing here sleeps.
struct Gate: Sendable {
    private let wayIn: Int32
    private let wayOut: Int32
    private let knock: Int32
    private let door: Int32

    init() throws {
        var first: [Int32] = [0, 0]
        var second: [Int32] = [0, 0]
        guard pipe(&first) == 0, pipe(&second) == 0 else { throw Errno(errno) }
        (wayOut, wayIn) = (first[0], first[1])
        (door, knock) = (second[0], second[1])
    }

    /// Somebody stands before it.
    var isWaitedAt: Bool {
        var readiness = pollfd(fd: door, events: Int16(POLLIN), revents: 0)
        return poll(&readiness, 1, 0) == 1
    }

    func open() { close(wayIn) }

    /// Returns once it is open.
    func pass() {
        var byte: UInt8 = 1
        _ = write(knock, &byte, 1)
        _ = read(wayOut, &byte, 1)
    }
}

/// The machine's file system, whose syncs take until a test lets them end.
struct StillDisk: FileSystem {
    let gate: Gate
    private let kernel = KernelFileSystem()

    init(gate: Gate) { self.gate = gate }

    func syncData(_ file: FileHandle) throws(Errno) {
        gate.pass()
        try kernel.syncData(file)
    }

    func sync(_ file: FileHandle) throws(Errno) {
        gate.pass()
        try kernel.sync(file)
    }

    func syncFolder(_ path: String) throws(Errno) { try kernel.syncFolder(path) }
    func open(_ path: String, _ mode: OpenMode) throws(Errno) -> FileHandle { try kernel.open(path, mode) }
    func close(_ file: FileHandle) { kernel.close(file) }
    func lock(_ file: FileHandle) throws(Errno) { try kernel.lock(file) }
    func status(of file: FileHandle) throws(Errno) -> FileStatus { try kernel.status(of: file) }
    func status(at path: String) throws(Errno) -> FileStatus { try kernel.status(at: path) }

    func read(_ file: FileHandle, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        try kernel.read(file, into: buffer, at: offset)
    }

    func write(_ file: FileHandle, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) -> Int {
        try kernel.write(file, bytes, at: offset)
    }

    func truncate(_ file: FileHandle, to size: Int64) throws(Errno) { try kernel.truncate(file, to: size) }

    func allocate(_ file: FileHandle, from start: Int64, to end: Int64) throws(Errno) {
        try kernel.allocate(file, from: start, to: end)
    }

    func setPermissions(_ file: FileHandle, _ permissions: UInt32) throws(Errno) {
        try kernel.setPermissions(file, permissions)
    }

    func rename(_ path: String, to newPath: String) throws(Errno) { try kernel.rename(path, to: newPath) }
    func link(_ path: String, as newPath: String) throws(Errno) { try kernel.link(path, as: newPath) }
    func remove(_ path: String) throws(Errno) { try kernel.remove(path) }

    func makeFolder(_ path: String, permissions: UInt32) throws(Errno) {
        try kernel.makeFolder(path, permissions: permissions)
    }

    func names(inFolder path: String) throws(Errno) -> [String] { try kernel.names(inFolder: path) }
}
