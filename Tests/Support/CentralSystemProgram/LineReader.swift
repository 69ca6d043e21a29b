/// Bytes to lines.
struct LineReader {
    private var bytes: [UInt8] = []
    private static let limit = 1 << 20

    /// The lines that are complete now. A line beyond a megabyte is dropped.
    mutating func receive(_ chunk: [UInt8]) -> [String] {
        bytes += chunk
        var lines: [String] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            lines.append(String(decoding: bytes[start..<end], as: UTF8.self))
            start = end + 1
        }
        bytes.removeFirst(start)
        if bytes.count > Self.limit { bytes = [] }
        return lines
    }
}
