/// An archive that `tar` unpacks (POSIX.1-1988 ustar), of a few small files in memory.
struct TarArchive {
    private var blocks: [UInt8] = []
    private static let blockSize = 512

    /// Adds a file that only its owner may read.
    /// - Parameters:
    ///   - name: At most 100 bytes, as a header has room for.
    ///   - content: Its bytes.
    ///   - time: Of the last change, seconds since 1970.
    mutating func add(_ name: String, _ content: [UInt8], at time: Int64) {
        precondition(name.utf8.count <= 100, "The names of files are ours.")
        var header = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put("0000600", at: 100)
        put(Self.octal(0, digits: 7), at: 108)
        put(Self.octal(0, digits: 7), at: 116)
        put(Self.octal(Int64(content.count), digits: 11), at: 124)
        put(Self.octal(max(time, 0), digits: 11), at: 136)
        // The sum is that of a header with blanks in its place.
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar\u{0}00", at: 257)
        let sum = header.reduce(0) { $0 + Int64($1) }
        put(Self.octal(sum, digits: 6) + "\u{0} ", at: 148)
        blocks += header
        blocks += content
        let rest = content.count % Self.blockSize
        if rest > 0 { blocks += [UInt8](repeating: 0, count: Self.blockSize - rest) }
    }

    /// The whole archive, with the two empty blocks that end it.
    var bytes: [UInt8] { blocks + [UInt8](repeating: 0, count: 2 * Self.blockSize) }

    private static func octal(_ number: Int64, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text.suffix(digits)
    }
}
