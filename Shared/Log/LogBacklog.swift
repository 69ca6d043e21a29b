/// Lines that wait for a reader who is behind, and the count of those that found no room. Pure.
struct LogBacklog {
    /// Bytes that may wait.
    static let capacityBytes = 64 * 1024
    /// The part of them that is kept for faults and errors.
    static let reservedBytes = 16 * 1024

    private var lines: [(bytes: [UInt8], isUrgent: Bool)] = []
    /// Lines of the front that are done; removed together, because removing the first of many moves all others.
    private var done = 0
    /// Bytes of the first line that are done.
    private var offset = 0
    private var waitingBytes = 0

    var isEmpty: Bool { done == lines.count }

    /// Adds a line, of which `written` bytes are out already.
    /// - Returns: Whether there was room.
    mutating func append(_ line: [UInt8], written: Int = 0, isUrgent: Bool) -> Bool {
        let limit = isUrgent ? Self.capacityBytes : Self.capacityBytes - Self.reservedBytes
        guard waitingBytes + line.count <= limit else { return false }
        if isEmpty { offset = written }
        lines.append((line, isUrgent))
        waitingBytes += line.count
        return true
    }

    /// What is to be written next; nil when nothing waits.
    var next: ArraySlice<UInt8>? { isEmpty ? nil : lines[done].bytes[offset...] }

    /// So many bytes of `next` are out.
    mutating func advance(by count: Int) {
        offset += count
        guard offset == lines[done].bytes.count else { return }
        waitingBytes -= lines[done].bytes.count
        offset = 0
        done += 1
        if isEmpty || done > 64 {
            lines.removeFirst(done)
            done = 0
        }
    }

    /// Gives up everything that waits.
    /// - Returns: How many lines that were, and how many of them faults or errors.
    mutating func discard() -> (lines: Int, urgent: Int) {
        let waiting = lines[done...]
        defer { self = LogBacklog() }
        return (waiting.count, waiting.count { $0.isUrgent })
    }
}
