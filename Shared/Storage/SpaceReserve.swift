/// Room on the disk held by a file of its own, given away step by step to records that must not be lost when the disk is full.
public final class SpaceReserve {
    /// So much is given away at a time, bytes.
    public static let step: Int64 = 64 << 10

    public let path: String
    /// How much is wanted.
    public let bytes: Int64
    /// How much there is.
    public private(set) var heldBytes: Int64

    /// What had its place and was no file. Worth a warning.
    public let moved: SetAside?

    private let file: File

    /// Takes the room; as much of it as an earlier run held is kept. On a full disk `isWhole` is false afterwards. A device that fails is
    /// waited for as `tryAgain` says.
    /// - Throws: `StorageError.system` when the file cannot be made.
    public init(
        path: String,
        bytes: Int64 = 1 << 20,
        files: any FileSystem = KernelFileSystem(),
        tryAgain: DevicePatience = { _ in false }
    ) throws(StorageError) {
        precondition(bytes > 0, "A reserve of nothing reserves nothing.")
        let (file, moved) = try Self.open(path, in: Directory(files: files, meter: WriteMeter()), tryAgain)
        self.moved = moved
        let size = try askPatiently(tryAgain) { () throws(StorageError) in try file.size }
        if size > bytes { try file.truncate(to: bytes) }
        self.path = path
        self.bytes = bytes
        self.file = file
        // The size of a file says nothing about its blocks, so even what is there is allocated again; that costs nothing.
        heldBytes = 0
        if size > 0 { try hold(min(size, bytes)) }
        try restore()
    }

    private static func open(
        _ path: String,
        in directory: Directory,
        _ tryAgain: DevicePatience
    ) throws(StorageError) -> (File, moved: SetAside?) {
        let permissions: UInt32 = 0o600
        switch try directory.openRegular(path, .readWrite, tryAgain) {
        case .file(let file): return (file, nil)
        case .absent: return (try directory.open(path, .createNew(permissions: permissions)), nil)
        case .unfit(let reason):
            let moved = try directory.setAside(path, reason: reason)
            return (try directory.open(path, .createNew(permissions: permissions)), moved)
        }
    }

    public var isWhole: Bool { heldBytes == bytes }

    /// Takes back what was given away, if the disk has room for all of it.
    /// - Throws: `StorageError.system` for anything but a full disk.
    public func restore() throws(StorageError) {
        if !isWhole { try hold(bytes) }
    }

    /// Gives away at least `needed` bytes, or all there is. Returns false when there was nothing left.
    func release(_ needed: Int) throws(StorageError) -> Bool {
        guard heldBytes > 0 else { return false }
        let steps = (Int64(needed) + Self.step - 1) / Self.step
        let remaining = max(0, heldBytes - max(1, steps) * Self.step)
        try file.truncate(to: remaining)
        heldBytes = remaining
        return true
    }

    private func hold(_ size: Int64) throws(StorageError) {
        do throws(StorageError) {
            try file.allocate(from: 0, to: size)
            heldBytes = size
        } catch .full {
            try file.truncate(to: heldBytes)  // A failed allocation may have taken a part.
        }
    }
}
