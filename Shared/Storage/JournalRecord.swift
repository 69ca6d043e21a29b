/// One record of a journal.
public struct JournalRecord: Hashable, Sendable {
    /// Rises from record to record and is never used again, not even after a compaction; there may be gaps.
    public var sequence: UInt64
    public var payload: [UInt8]

    public init(sequence: UInt64, payload: [UInt8]) {
        self.sequence = sequence
        self.payload = payload
    }
}

/// When an appended record is safe from a power cut. From a killed process every one is safe at once.
public enum Durability: Hashable, Sendable {
    /// On disk when the append returns, with everything before it. May use the space reserve.
    case immediate
    /// On disk after the next `flush()` or the next immediate append, at the latest after 1 MiB. Refused while the space reserve is not
    /// whole, which each append tries to mend.
    case batched
}

/// What opening a journal found. Anything in `damage` or `setAside` is worth an error line.
public struct JournalReport: Hashable, Sendable {
    /// Sound records.
    public var records: Int
    /// Bytes of a record that a power cut left unfinished; they were cut off.
    public var tornBytes: Int64
    /// The file in which the bytes that were cut off are kept; nil when the disk has no room for them.
    public var cutKeptAs: String?
    /// Places in the middle that were no records, the first 16 of them; every sound record around them was kept.
    public var damage: [Damage]
    /// The original file, when it was damaged or could not be read at all.
    public var setAside: SetAside?
    /// What stood in the way of a file that had to be made. Worth a warning each.
    public var moved: [SetAside]
    /// What was found could not be forced to the device: nothing counts as stored before the journal was written anew. Worth an error.
    public var doubt: StorageError?

    public init(
        records: Int = 0,
        tornBytes: Int64 = 0,
        cutKeptAs: String? = nil,
        damage: [Damage] = [],
        setAside: SetAside? = nil,
        moved: [SetAside] = []
    ) {
        self.moved = moved
        self.records = records
        self.tornBytes = tornBytes
        self.cutKeptAs = cutKeptAs
        self.damage = damage
        self.setAside = setAside
    }

    public struct Damage: Hashable, Sendable {
        public var offset: Int64
        public var bytes: Int64
        /// Sequence number of the sound record that follows.
        public var nextSequence: UInt64

        public init(offset: Int64, bytes: Int64, nextSequence: UInt64) {
            self.offset = offset
            self.bytes = bytes
            self.nextSequence = nextSequence
        }
    }
}
