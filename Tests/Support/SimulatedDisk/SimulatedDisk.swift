import Primitives
public import Storage

/// A disk in memory with a page cache, a platter and faults; the same seed and the same calls give the same run.
///
/// A power cut keeps what was synced. Of the rest each block is there, lost or torn at 512 bytes, and of the names in a folder the first
/// few changes. One disk is used from one thread.
public final class SimulatedDisk: FileSystem {
    /// How much fits; nil for no limit. May be changed at any time: below what is used there is no room.
    public var capacityBytes: Int64?
    /// It is mounted read-only: what would change anything fails with `EROFS`.
    public var isReadOnly = false
    /// Syncs report success and do nothing.
    public var liesAboutSyncs = false
    /// Calls so far, by kind.
    public internal(set) var calls: [DiskCall: Int] = [:]
    /// Syncs that really forced the device.
    public internal(set) var syncsDone = 0
    /// The calls that failed because it was planned, in order.
    public internal(set) var failures: [DiskCall] = []
    /// The faults that are still to come, or last.
    public internal(set) var faults: [DiskFault] = []
    public internal(set) var isPowerOff = false

    var random: SeededRandom
    var table = NameTable()
    var inodes: [Int: Inode] = [:]
    var opened: [Int32: Int] = [:]
    var newestHandle: Int32 = 0

    /// - Parameters:
    ///   - seed: decides what a power cut leaves.
    ///   - folders: folders that are there, with those around them.
    public init(seed: UInt64, folders: [String] = ["/state"]) {
        random = SeededRandom(seed: seed)
        for folder in folders { makeDurableFolder(folder) }
    }

    /// Calls of all kinds so far.
    public var callCount: Int { calls.values.reduce(0, +) }

    public var usedBytes: Int64 { inodes.values.reduce(0) { $0 + $1.allocatedBytes } }

    // MARK: - Faults

    /// Has a call fail.
    public func plan(_ fault: DiskFault) { faults.append(fault) }

    /// No call fails any more, and every block can be read.
    public func heal() {
        faults = []
        for inode in inodes.values { inode.heal() }
    }

    /// The power goes and comes back: every file is closed, and what was not synced may be gone.
    public func losePower() {
        table.losePower(using: &random)
        for number in inodes.keys.sorted() { inodes[number]?.losePower(using: &random) }
        opened = [:]
        faults.removeAll { $0.effect == .powerCut }
        isPowerOff = false
        collect()
    }

    /// The processes that use the disk end without another word: files are closed and locks gone, and nothing is lost.
    public func killProcesses() {
        opened = [:]
        for inode in inodes.values {
            inode.openCount = 0
            inode.lockedBy = nil
        }
        collect()
    }

    /// Programs read from the platter what they wrote before a failed sync.
    public func dropCaches() {
        for inode in inodes.values { inode.dropCache() }
    }

    /// The device cannot read a block of 4096 bytes until it is written again.
    public func spoil(_ path: String, block: Int) { file(path)?.spoil(block: block) }

    /// A block of 4096 bytes reads as zeros.
    public func lose(_ path: String, block: Int) {
        file(path)?.overwrite(block * Inode.blockBytes..<(block + 1) * Inode.blockBytes) { _ in 0 }
    }

    /// Changes bytes behind the back of every program.
    public func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) {
        file(path)?.overwrite(offset..<offset + bytes.count) { bytes[$0 - offset] }
    }

    /// A pipe, a link or the like gets that name.
    public func putPipe(_ path: String) {
        table.change([(path, makeInode(.other, 0o644).number)], in: Self.folder(of: path))
    }

    // MARK: - What an onlooker sees

    /// What a program would read; nil when there is no such file.
    public func contents(_ path: String) -> [UInt8]? { file(path)?.cached }

    /// What is on the platter under that name; nil when it would not be there after a power cut.
    public func durableContents(_ path: String) -> [UInt8]? {
        table.durable[path].flatMap { inodes[$0]?.durable }
    }

    /// The names in a folder, in order.
    public func list(_ folder: String) -> [String] {
        table.cached.keys.filter { Self.folder(of: $0) == folder }.map {
            String($0.dropFirst(folder.count + 1))
        }
        .sorted()
    }

    /// Puts a file there, durable at once.
    public func put(_ path: String, _ bytes: [UInt8], permissions: UInt32 = 0o640) {
        let inode = makeInode(.regular, permissions)
        bytes.withUnsafeBytes { inode.write($0, at: 0) }
        inode.sync()
        table.change([(path, inode.number)], in: Self.folder(of: path))
        table.sync(Self.folder(of: path))
        collect()
    }
}
