/// A place in a journal from which to read on.
public struct JournalCursor: Hashable, Sendable {
    /// Records below this number were read, or are not wanted.
    public fileprivate(set) var nextSequence: UInt64
    /// There was nothing more when it was last used.
    public fileprivate(set) var isAtEnd = false

    /// - Parameter sequence: the number of the first record that is wanted; 0 for all.
    public init(from sequence: UInt64 = 0) { nextSequence = sequence }
}

extension Journal {
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
        guard limit > 0, sequence < nextSequence else { return [] }
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
}
