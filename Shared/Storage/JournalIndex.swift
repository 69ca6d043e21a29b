/// How many records there are, and where some of them are: every 64th, in order. Small enough to stay in memory for a journal of any size.
struct JournalIndex {
    private(set) var count = 0
    private var entries: [(sequence: UInt64, offset: Int64)] = []
    private var untilNext = 0

    /// The place where the last read ended, so that reading on costs no search.
    private var cursor: (sequence: UInt64, offset: Int64)?

    /// Notes a record behind all others.
    mutating func add(_ sequence: UInt64, at offset: Int64) {
        if untilNext == 0 {
            entries.append((sequence, offset))
            untilNext = Self.spacing
        }
        untilNext -= 1
        count += 1
    }

    /// Where the first record is; nil when there is none.
    var firstOffset: Int64? { entries.first?.offset }

    /// A record at or before `sequence` from which to scan; nil when every record comes later.
    func start(for sequence: UInt64) -> (sequence: UInt64, offset: Int64)? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
        }
        let entry = low > 0 ? entries[low - 1] : nil
        if let cursor, cursor.sequence <= sequence, cursor.sequence >= entry?.sequence ?? 0 {
            return cursor
        }
        return entry
    }

    /// Remembers that no record numbered below `sequence` lies at or behind `offset`.
    mutating func moveCursor(to sequence: UInt64, at offset: Int64) { cursor = (sequence, offset) }

    private static let spacing = 64
}
