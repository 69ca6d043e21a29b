import Primitives
import Storage

/// One file or folder of a simulated disk: what programs see of it, and what is on the platter.
final class Inode {
    static let blockBytes = 4096
    static let sectorBytes = 512

    let number: Int
    let kind: FileStatus.Kind
    var permissions: UInt32
    /// What a program reads.
    private(set) var cached: [UInt8] = []
    /// What is there after a power cut, whatever else is lost.
    private(set) var durable: [UInt8] = []
    /// Blocks in which `cached` may reach the platter at any moment, but need not.
    private var dirtyBlocks: Set<Int> = []
    /// The size of `cached` may reach the platter at any moment.
    private var isSizeDirty = false
    /// Blocks that the device cannot read.
    private var badBlocks: Set<Int> = []
    var openCount = 0
    /// The open file that holds the lock.
    var lockedBy: FileHandle?

    init(number: Int, kind: FileStatus.Kind, permissions: UInt32) {
        self.number = number
        self.kind = kind
        self.permissions = permissions
    }

    var status: FileStatus {
        FileStatus(kind: kind, sizeBytes: Int64(cached.count), permissions: permissions)
    }

    /// Space that it takes, whole blocks.
    var allocatedBytes: Int64 { Self.allocated(Int64(cached.count)) }

    static func allocated(_ size: Int64) -> Int64 {
        (size + Int64(blockBytes) - 1) / Int64(blockBytes) * Int64(blockBytes)
    }

    /// The bytes at `range`, up to the first bad block; nil when that is the first one.
    func read(_ range: Range<Int>) -> ArraySlice<UInt8>? {
        let range = range.clamped(to: 0..<cached.count)
        guard !range.isEmpty else { return [] }
        let blocks = range.lowerBound / Self.blockBytes...(range.upperBound - 1) / Self.blockBytes
        guard let bad = badBlocks.isEmpty ? nil : blocks.first(where: badBlocks.contains) else {
            return cached[range]
        }
        let readable = range.lowerBound..<max(range.lowerBound, bad * Self.blockBytes)
        return readable.isEmpty ? nil : cached[readable]
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard !bytes.isEmpty else { return }
        let end = offset + bytes.count
        if end > cached.count { resize(to: end) }
        cached.withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: bytes)
        }
        for block in offset / Self.blockBytes...(end - 1) / Self.blockBytes {
            dirtyBlocks.insert(block)
            badBlocks.remove(block)  // The device gives a written block a good place.
        }
    }

    func resize(to size: Int) {
        guard size != cached.count else { return }
        let first = min(size, cached.count) / Self.blockBytes
        let last = max(size, cached.count) / Self.blockBytes
        if size < cached.count {
            cached.removeSubrange(size...)
        } else {
            cached += [UInt8](repeating: 0, count: size - cached.count)
        }
        dirtyBlocks.formUnion(first...last)
        isSizeDirty = true
    }

    /// Everything reaches the platter.
    func sync() {
        if (0..<Int(allocatedBytes) / Self.blockBytes).allSatisfy(dirtyBlocks.contains) {
            durable = cached
        } else {
            for block in dirtyBlocks { copy(block, sectors: { _ in true }) }
        }
        resizeDurable(to: cached.count)
        dirtyBlocks = []
        isSizeDirty = false
    }

    /// A failed sync, as Linux does it: the blocks count as clean although most of them never reached the platter, so the next sync
    /// has nothing to do and succeeds. Programs read the new bytes until the cache is dropped.
    func loseDirtyBlocks(using random: inout SeededRandom) {
        for block in dirtyBlocks.sorted() where Int.random(in: 0..<8, using: &random) == 0 {
            copy(block, sectors: { _ in true })
        }
        if isSizeDirty, Bool.random(using: &random) { resizeDurable(to: cached.count) }
        dirtyBlocks = []
        isSizeDirty = false
    }

    /// Programs read what is on the platter again, except for what is still to be written.
    func dropCache() {
        guard dirtyBlocks.isEmpty, !isSizeDirty else { return }
        cached = durable
    }

    /// What was not synced is there, lost or torn, each block by itself.
    func losePower(using random: inout SeededRandom) {
        // The size grows before, with or after the data.
        let size = isSizeDirty && Bool.random(using: &random) ? cached.count : durable.count
        for block in dirtyBlocks.sorted() {
            switch Int.random(in: 0..<3, using: &random) {
            case 0: copy(block, sectors: { _ in true })
            case 1: break
            default:
                let pattern = random.next()
                copy(block, sectors: { pattern >> UInt64($0) & 1 == 1 })
            }
        }
        resizeDurable(to: size)
        cached = durable
        dirtyBlocks = []
        isSizeDirty = false
        openCount = 0
        lockedBy = nil
    }

    // MARK: - Faults

    func spoil(block: Int) { badBlocks.insert(block) }

    func heal() { badBlocks = [] }

    /// Changes bytes on the platter and in the cache behind the back of every program.
    func overwrite(_ range: Range<Int>, with byte: (Int) -> UInt8) {
        for place in range.clamped(to: 0..<cached.count) { cached[place] = byte(place) }
        for place in range.clamped(to: 0..<durable.count) { durable[place] = byte(place) }
    }

    private func copy(_ block: Int, sectors: (Int) -> Bool) {
        for sector in 0..<Self.blockBytes / Self.sectorBytes where sectors(sector) {
            let start = block * Self.blockBytes + sector * Self.sectorBytes
            let range = (start..<start + Self.sectorBytes).clamped(to: 0..<cached.count)
            guard !range.isEmpty else { continue }
            if durable.count < range.upperBound { resizeDurable(to: range.upperBound) }
            cached.withUnsafeBytes { source in
                durable.withUnsafeMutableBytes { target in
                    UnsafeMutableRawBufferPointer(rebasing: target[range]).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: source[range])
                    )
                }
            }
        }
    }

    private func resizeDurable(to size: Int) {
        if size < durable.count {
            durable.removeSubrange(size...)
        } else {
            durable += [UInt8](repeating: 0, count: size - durable.count)
        }
    }
}
