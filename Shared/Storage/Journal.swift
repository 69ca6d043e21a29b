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
        public init(path: String, magic: String, formatVersion: UInt16, maximumRecordBytes: Int = 64 << 10) {
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

    /// The version that the payloads were written in. A compaction makes it that of the options.
    public internal(set) var formatVersion: UInt16

    /// How many records there are.
    public internal(set) var count = 0

    /// Size of the file.
    public var fileBytes: Int64 { end }

    /// Some batched records are not yet safe from a power cut: the owner should have a deadline for `flush()`.
    public internal(set) var needsFlush = false

    /// What this journal has written since it was opened.
    public var written: WriteCounters { directory.meter.counters }

    /// The number that the next record gets.
    public internal(set) var nextSequence: UInt64

    let directory: Directory
    let reserve: SpaceReserve?
    var file: File
    /// Where the last good record ends, and the next one goes.
    var end: Int64
    var index = JournalIndex()
    /// A failed write left bytes behind `end` that could not be cut off yet.
    private var hasDebris = false

    init(
        options: Options,
        directory: Directory,
        file: consuming File,
        header: JournalFormat.Header,
        end: Int64,
        reserve: SpaceReserve?
    ) {
        self.options = options
        self.directory = directory
        self.file = file
        self.end = end
        self.reserve = reserve
        formatVersion = header.formatVersion
        nextSequence = header.nextSequence
    }

    /// Appends one record and returns its sequence number. Nothing of it remains when this throws.
    ///
    /// - Throws: `StorageError.full` on a full disk; an immediate record has then used up the reserve as well.
    ///   After `StorageError.system` from a failed sync, batched records since the last flush may be lost too.
    @discardableResult
    public func append(_ payload: [UInt8], durability: Durability) throws(StorageError) -> UInt64 {
        try append(contentsOf: [payload], durability: durability)
    }

    /// Appends several records with one write and one sync; returns the sequence number of the first.
    /// After a power cut in the middle the first few of them may be there.
    ///
    /// - Throws: `StorageError`, as for a single record. None of them remains then.
    @discardableResult
    public func append(contentsOf payloads: [[UInt8]], durability: Durability) throws(StorageError) -> UInt64 {
        let first = nextSequence
        guard !payloads.isEmpty else { return first }
        var bytes: [UInt8] = []
        var marks: [(sequence: UInt64, offset: Int64)] = []
        for payload in payloads {
            guard payload.count <= options.maximumRecordBytes else {
                throw .tooLarge(path: options.path, bytes: payload.count, limit: options.maximumRecordBytes)
            }
            let sequence = first + UInt64(marks.count)
            marks.append((sequence, end + Int64(bytes.count)))
            JournalFormat.append(payload, sequence: sequence, to: &bytes)
        }
        try write(bytes, durability)
        for mark in marks { index.add(mark.sequence, at: mark.offset) }
        end += Int64(bytes.count)
        count += marks.count
        nextSequence += UInt64(marks.count)
        return first
    }

    /// Makes all records safe from a power cut, and takes the reserve back if the disk has room again.
    /// - Throws: `StorageError.system` when the device fails; batched records since the last flush may be lost.
    public func flush() throws(StorageError) {
        try reserve?.restore()
        guard needsFlush else { return }
        try file.syncData()
        needsFlush = false
    }

    private func write(_ bytes: [UInt8], _ durability: Durability) throws(StorageError) {
        if durability == .batched, let reserve, !reserve.isWhole { throw .full(path: options.path) }
        if hasDebris { try cutDebris() }
        while true {
            do throws(StorageError) {
                try file.write(bytes, at: end, for: durability == .immediate ? .immediate : .batched)
                if durability == .immediate { try file.syncData() }
                break
            } catch {
                try cutDebris()
                guard error.isFull, durability == .immediate, let reserve, try reserve.release(bytes.count)
                else { throw error }
            }
        }
        needsFlush = durability == .batched
    }

    /// Cuts off what a failed write left, so that a later, shorter record does not end in its remains.
    private func cutDebris() throws(StorageError) {
        hasDebris = true
        try file.truncate(to: end)
        hasDebris = false
    }
}
