/// Walks through the records of a journal in one direction, with a window of bounded size, over any damage.
struct JournalScanner {
    /// What to do about a block that the device cannot read.
    enum BadBlocks {
        /// Throw: it may be readable the next time, and nobody must take its records for gone.
        case fail
        /// Take it for damage, and remember it, once the patience is at its end.
        case skip(DevicePatience)
    }

    enum Step {
        case record(JournalRecord, offset: Int64)
        /// Bytes that are no record, with a sound record behind them.
        case damage(offset: Int64, bytes: Int64)
        /// No sound record follows `offset`; `tornBytes` lie behind it.
        case end(offset: Int64, tornBytes: Int64)
    }

    /// Where it is: everything before has been handed out.
    private(set) var position: Int64
    /// Blocks were skipped that the device could not read.
    private(set) var hasBadBlocks = false
    /// Where to stop. May be moved on while scanning.
    var fileEnd: Int64

    private let badBlocks: BadBlocks
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0
    private var lastSequence: UInt64

    /// Starts at `offset`, where a record begins whose sequence number is at least `minimum`.
    init(from offset: Int64, to fileEnd: Int64, minimum: UInt64, badBlocks: BadBlocks = .fail) {
        position = offset
        self.fileEnd = fileEnd
        self.badBlocks = badBlocks
        lastSequence = minimum - 1
    }

    mutating func next(in file: File) throws(StorageError) -> Step {
        if let record = try record(at: position, in: file) { return advance(over: record) }
        let start = position
        var candidate = position + 1
        while candidate + Int64(JournalFormat.recordHeaderBytes) <= fileEnd {
            if try record(at: candidate, in: file) != nil {
                position = candidate
                return .damage(offset: start, bytes: candidate - start)
            }
            candidate += 1
        }
        return .end(offset: start, tornBytes: fileEnd - start)
    }

    private mutating func advance(over record: JournalRecord) -> Step {
        let offset = position
        position += Int64(JournalFormat.recordHeaderBytes + record.payload.count)
        lastSequence = record.sequence
        return .record(record, offset: offset)
    }

    /// The record that begins at `offset`; nil when what is there is none. Sequence numbers only rise, which tells old bytes from new.
    private mutating func record(at offset: Int64, in file: File) throws(StorageError)
        -> JournalRecord?
    {
        let headerBytes = JournalFormat.recordHeaderBytes
        guard try load(headerBytes, at: offset, from: file) else { return nil }
        var start = Int(offset - windowStart)
        let length = Int(window.littleEndian(at: start, as: UInt32.self))
        let sequence = window.littleEndian(at: start + 8, as: UInt64.self)
        guard length <= JournalFormat.maximumRecordBytes, sequence > lastSequence,
            sequence < JournalFormat.maximumSequence,
            try load(headerBytes + length, at: offset, from: file)
        else { return nil }
        start = Int(offset - windowStart)
        let end = start + headerBytes + length
        let sum = window.withUnsafeBytes {
            JournalFormat.checksum(ofRecord: UnsafeRawBufferPointer(rebasing: $0[start..<end]))
        }
        guard sum == window.littleEndian(at: start + 4, as: UInt32.self) else { return nil }
        return JournalRecord(sequence: sequence, payload: Array(window[(start + headerBytes)..<end]))
    }

    /// Makes `count` bytes at `offset` available in the window; false when the file ends before.
    private mutating func load(_ count: Int, at offset: Int64, from file: File) throws(StorageError)
        -> Bool
    {
        guard offset + Int64(count) <= fileEnd else { return false }
        if offset >= windowStart, offset + Int64(count) <= windowStart + Int64(window.count) {
            return true
        }
        let wanted = min(Int64(max(count, Self.windowBytes)), fileEnd - offset)
        switch badBlocks {
        case .fail:
            window = try file.read(Int(wanted), at: offset)
        case .skip(let tryAgain):
            let found = try file.readSalvaging(Int(wanted), at: offset, tryAgain: tryAgain)
            window = found.bytes
            hasBadBlocks = hasBadBlocks || found.hasBadBlocks
        }
        windowStart = offset
        return window.count >= count
    }

    private static let windowBytes = 64 << 10
}
