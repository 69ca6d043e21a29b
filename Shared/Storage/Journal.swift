/// An append-only file of records with sequence numbers. Survives being killed or losing power at any instruction.
public final class Journal {
    /// What a journal is called and may contain.
    public struct Options: Hashable, Sendable {
        public var path: String
        let magic: [UInt8]
        let formatVersion: UInt16
        let maximumRecordBytes: Int
        public var maximumFileBytes: Int64

        /// - Parameters:
        ///   - path: where it is; the folder must exist.
        ///   - magic: names the kind of journal, exactly 8 ASCII characters.
        ///   - formatVersion: the owner's version of the payloads, from 1; what is newer is set aside.
        ///   - maximumRecordBytes: largest payload that may be appended, at most 1 MiB.
        ///   - maximumFileBytes: a larger file is not its owner's work, and set aside unread: reading it would keep the owner from starting.
        public init(
            path: String,
            magic: String,
            formatVersion: UInt16,
            maximumRecordBytes: Int = 64 << 10,
            maximumFileBytes: Int64 = .max
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
            self.maximumFileBytes = maximumFileBytes
        }
    }

    public let options: Options

    /// The number that the next record gets.
    public internal(set) var nextSequence: UInt64

    /// Files that were kept under another name and nobody was told of.
    var setAsides: [SetAside] = []

    let directory: Directory
    var reserve: SpaceReserve?
    var file: File
    var header: JournalFormat.Header
    /// Where the last good record ends, and the next one goes.
    var end: Int64
    var index = JournalIndex()
    var tail = JournalTail()
    /// The new file that is being written.
    var rewrite: JournalRewrite?
    var condition = Condition.usual

    enum Condition {
        case usual
        /// While it is opened and repaired: the damaged original has another name already.
        case originalKept
        /// It was opened to be read only, because it cannot be written.
        case readOnly(StorageError)
    }

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

    /// A sync failed, and the journal was not written anew since.
    public var isDoubtful: Bool { tail.isDoubtful }

    /// What this journal has written since it was opened.
    public var written: WriteCounters { directory.meter.counters }

    /// What was kept under another name since the last call, because a rewrite of the journal found damage in it, or something else where
    /// its new file belongs. Worth an error line each.
    public func takeSetAsides() -> [SetAside] {
        defer { setAsides = [] }
        return setAsides
    }

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
    /// After a failed sync the journal is written anew here, unless `beginRewriting` and `continueCompaction` have done that.
    /// - Throws: `StorageError` when the device fails or is full. Nothing is lost then unless the power goes; call again later.
    public func flush() throws(StorageError) {
        try reserve?.restore()
        if tail.isDoubtful { return try finishRewriting() }
        guard needsFlush else { return }
        try sync()
        tail.unsynced = []
    }

    // MARK: - Read

    /// The next few records at `cursor`, which is moved behind them: at most `maximumRecords`, and no more once their payloads exceed
    /// `maximumBytes` (but always one, if there is one). Empty, and `cursor.isAtEnd`, when there are no more.
    ///
    /// - Throws: `StorageError.system` when the file cannot be read; the cursor has not moved then.
    public func readSlice(
        _ cursor: inout JournalCursor,
        maximumRecords: Int = 256,
        maximumBytes: Int = 64 << 10
    ) throws(StorageError) -> [JournalRecord] {
        let records = try read(
            from: cursor.nextSequence,
            limit: max(1, maximumRecords),
            maximumBytes: maximumBytes
        )
        // No number reaches the largest one, so adding one is safe.
        if let last = records.last { cursor.nextSequence = last.sequence + 1 }
        cursor.isAtEnd = cursor.nextSequence >= nextSequence || records.isEmpty
        return records
    }

    /// The records from number `sequence` on, in order: at most `limit` of them, and no more once their payloads exceed `maximumBytes`
    /// (but always one, if there is one).
    ///
    /// - Throws: `StorageError.system` when the file cannot be read.
    public func read(
        from sequence: UInt64,
        limit: Int,
        maximumBytes: Int = 1 << 20
    ) throws(StorageError) -> [JournalRecord] {
        guard limit > 0, sequence < nextSequence, count > 0 else { return [] }
        let start = index.start(for: sequence) ?? (sequence: 1, offset: header.recordsStart)
        var scanner = JournalScanner(from: start.offset, to: end, minimum: start.sequence)
        var records: [JournalRecord] = []
        var bytes = 0
        while true {
            switch try scanner.next(in: file) {
            case .damage:
                continue
            case .end:
                return records
            case .record(let record, let offset):
                guard record.sequence >= sequence else { continue }
                bytes += record.payload.count
                if records.count == limit || (bytes > maximumBytes && !records.isEmpty) {
                    index.moveCursor(to: record.sequence, at: offset)
                    return records
                }
                records.append(record)
            }
        }
    }

    /// The payload of the record with number `sequence`; nil when there is none.
    ///
    /// - Throws: `StorageError.system` when the file cannot be read.
    public func read(_ sequence: UInt64) throws(StorageError) -> [UInt8]? {
        let records = try read(from: sequence, limit: 1)
        return records.first?.sequence == sequence ? records.first?.payload : nil
    }

    // MARK: - Write

    /// Brings the journal into a state in which a record may be added.
    private func prepare(
        for bytes: Int,
        _ durability: Durability,
        usesReserve: Bool
    ) throws(StorageError) {
        if case .readOnly(let obstacle) = condition { throw obstacle }
        if !usesReserve, let reserve {
            // Whether there is room again shows only by trying.
            try reserve.restore()
            guard reserve.isWhole else { throw .full(path: options.path) }
        }
        if tail.isDoubtful, durability == .immediate { try finishRewriting() }
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
    func cutDebris() throws(StorageError) {
        try file.truncate(to: end)
        tail.hasDebris = false
    }
}

/// A place in a journal from which to read on.
public struct JournalCursor: Hashable, Sendable {
    /// Records below this number were read, or are not wanted.
    public fileprivate(set) var nextSequence: UInt64
    /// There was nothing more when it was last used.
    public fileprivate(set) var isAtEnd = false

    /// - Parameter sequence: the number of the first record that is wanted; 0 for all.
    public init(from sequence: UInt64 = 0) { nextSequence = sequence }
}
