/// An append-only file of records with sequence numbers. Survives being killed or losing power at any instruction.
public final class Journal {
    /// What a journal is called and may contain.
    public struct Options: Hashable, Sendable {
        public var path: String
        let magic: [UInt8]
        let formatVersion: UInt16
        let maximumRecordBytes: Int

        /// - Parameters:
        ///   - path: where it is; the folder must exist.
        ///   - magic: names the kind of journal, exactly 8 ASCII characters.
        ///   - formatVersion: the owner's version of the payloads, from 1; what is newer is set aside.
        ///   - maximumRecordBytes: largest payload that may be appended, at most 1 MiB.
        public init(
            path: String,
            magic: String,
            formatVersion: UInt16,
            maximumRecordBytes: Int = 64 << 10
        ) {
            precondition(
                magic.utf8.count == JournalFormat.magicBytes,
                "The magic has a place of 8 bytes in the header."
            )
            precondition(formatVersion > 0, "Versions count from 1.")
            precondition(
                (1...JournalFormat.maximumRecordBytes).contains(maximumRecordBytes),
                "A larger record would not be recognised when the journal is read."
            )
            self.path = path
            self.magic = Array(magic.utf8)
            self.formatVersion = formatVersion
            self.maximumRecordBytes = maximumRecordBytes
        }
    }

    public let options: Options

    /// The number that the next record gets.
    public internal(set) var nextSequence: UInt64

    /// Files that were kept under another name because a rewrite of the journal found damage in them. Worth an error line each.
    public internal(set) var setAsides: [SetAside] = []

    let directory: Directory
    let reserve: SpaceReserve?
    var file: File
    var header: JournalFormat.Header
    /// Where the last good record ends, and the next one goes.
    var end: Int64
    var index = JournalIndex()
    var tail = JournalTail()
    /// The new file that is being written.
    var rewrite: JournalRewrite?
    /// While it is opened and repaired: the damaged original has another name already.
    var isOriginalKept = false

    init(
        options: Options,
        directory: Directory,
        file: File,
        header: JournalFormat.Header,
        end: Int64,
        reserve: SpaceReserve?
    ) {
        self.options = options
        self.directory = directory
        self.file = file
        self.header = header
        self.end = end
        self.reserve = reserve
        nextSequence = header.nextSequence
    }

    /// The version that the payloads were written in. A compaction makes it that of the options.
    public var formatVersion: UInt16 { header.formatVersion }

    /// How many records there are.
    public var count: Int { index.count }

    /// Size of the file.
    public var fileBytes: Int64 { end }

    /// Some batched records are not yet safe from a power cut, or a sync failed: the owner should have a deadline for `flush()`.
    public var needsFlush: Bool { !tail.unsynced.isEmpty || tail.isDoubtful }

    /// What this journal has written since it was opened.
    public var written: WriteCounters { directory.meter.counters }

    /// Up to here the file is on the device.
    var syncedEnd: Int64 { end - Int64(tail.unsynced.count) }

    /// Appends one record and returns its sequence number. Nothing of it remains when this throws.
    ///
    /// - Throws: `StorageError.full` on a full disk; an immediate record has then used up the reserve as well.
    ///   After `StorageError.system` from a failed sync the journal is written anew before anything else counts as stored.
    @discardableResult
    public func append(_ payload: [UInt8], durability: Durability) throws(StorageError) -> UInt64 {
        try append(contentsOf: [payload], durability: durability)
    }

    /// Appends several records with one write and one sync.
    /// After a power cut in the middle the first few of them may be there.
    ///
    /// - Parameters:
    ///   - payloads: The records, each of them no longer than the options allow.
    ///   - durability: How safe they are when this returns.
    ///   - mayUseReserve: Whether immediate records may use the reserve up on a full disk. What can be given up must not: others need it.
    /// - Returns: The sequence number of the first.
    /// - Throws: `StorageError`, as for a single record. None of them remains then.
    @discardableResult
    public func append(
        contentsOf payloads: [[UInt8]],
        durability: Durability,
        mayUseReserve: Bool = true
    ) throws(StorageError) -> UInt64 {
        let first = nextSequence
        guard !payloads.isEmpty else { return first }
        var bytes: [UInt8] = []
        var places: [Int] = []
        for payload in payloads {
            guard payload.count <= options.maximumRecordBytes else {
                throw .tooLarge(path: options.path, bytes: payload.count, limit: options.maximumRecordBytes)
            }
            places.append(bytes.count)
            JournalFormat.append(payload, sequence: first + UInt64(places.count - 1), to: &bytes)
        }
        let usesReserve = durability == .immediate && mayUseReserve
        try prepare(for: bytes.count, durability, usesReserve: usesReserve)
        try write(bytes, durability, usesReserve: usesReserve)
        for (number, place) in places.enumerated() {
            index.add(first + UInt64(number), at: end + Int64(place))
        }
        end += Int64(bytes.count)
        tail.unsynced = durability == .immediate ? [] : tail.unsynced + bytes
        nextSequence += UInt64(payloads.count)
        return first
    }

    /// Makes all records safe from a power cut, and takes the reserve back if the disk has room again.
    ///
    /// After a failed sync the journal is written anew here, which takes as long as a compaction.
    /// - Throws: `StorageError` when the device fails or is full. Nothing is lost then unless the power goes; call again later.
    public func flush() throws(StorageError) {
        try reserve?.restore()
        if tail.isDoubtful { return try rewriteAll(badBlocks: .fail) }
        guard needsFlush else { return }
        try sync()
        tail.unsynced = []
    }

    /// Brings the journal into a state in which a record may be added.
    private func prepare(
        for bytes: Int,
        _ durability: Durability,
        usesReserve: Bool
    ) throws(StorageError) {
        if !usesReserve, let reserve {
            // Whether there is room again shows only by trying.
            try reserve.restore()
            guard reserve.isWhole else { throw .full(path: options.path) }
        }
        if tail.isDoubtful { try rewriteAll(badBlocks: .fail) }
        if tail.hasDebris { try cutDebris() }
        if durability == .batched, tail.unsynced.count + bytes > JournalTail.maximumBytes {
            try flush()
        }
    }

    private func write(
        _ bytes: [UInt8],
        _ durability: Durability,
        usesReserve: Bool
    ) throws(StorageError) {
        while true {
            do throws(StorageError) {
                try file.write(bytes, at: end, for: durability == .immediate ? .immediate : .batched)
                if durability == .immediate { try sync() }
                return
            } catch {
                tail.hasDebris = true
                do throws(StorageError) { try cutDebris() } catch { /* The next append tries again before it writes. */
                }
                guard error.isFull, usesReserve, !tail.isDoubtful, !tail.hasDebris,
                    let reserve,
                    try reserve.release(bytes.count)
                else { throw error }
            }
        }
    }

    private func sync() throws(StorageError) {
        do throws(StorageError) {
            try file.syncData()
        } catch {
            // The kernel takes the bytes for written now. What is before them was synced, the rest is in memory.
            tail.isDoubtful = true
            throw error
        }
    }

    /// Cuts off what a failed write left, so that a later, shorter record does not end in its remains.
    private func cutDebris() throws(StorageError) {
        try file.truncate(to: end)
        tail.hasDebris = false
    }
}
