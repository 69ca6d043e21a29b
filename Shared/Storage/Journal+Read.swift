extension Journal {
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
        let start = index.start(for: sequence) ?? (sequence: 1, offset: Int64(JournalFormat.headerBytes))
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
