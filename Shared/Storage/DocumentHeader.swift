/// The first line of a document: `<magic> <format version> <bytes of the body> <crc>\n`. The CRC covers the line before it, and the body.
struct DocumentHeader {
    struct Flaw: Error { var reason: String }

    /// Longest line: magic 32, version 5, length 19, checksum 8, three spaces and the newline.
    static let maximumBytes = 68

    var formatVersion: UInt16
    var bodyStart: Int

    static func line(magic: String, formatVersion: UInt16, body: [UInt8]) -> [UInt8] {
        let fields = Array("\(magic) \(formatVersion) \(body.count) ".utf8)
        return fields + hexadecimal(checksum(fields, body[...])) + [UInt8(ascii: "\n")]
    }

    static func parse(_ bytes: [UInt8], magic: String, newestVersion: UInt16) -> Result<
        DocumentHeader, Flaw
    > {
        guard let newline = bytes.prefix(maximumBytes).firstIndex(of: UInt8(ascii: "\n")) else {
            return .failure(Flaw(reason: "its header line is missing"))
        }
        let fields = bytes[..<newline].split(
            separator: UInt8(ascii: " "),
            omittingEmptySubsequences: false
        )
        guard fields.count == 4, fields[0].elementsEqual(magic.utf8) else {
            return .failure(Flaw(reason: "it does not begin with \(magic)"))
        }
        let body = bytes[(newline + 1)...]
        let covered = Array(bytes[..<fields[3].startIndex])
        guard fields[3].elementsEqual(hexadecimal(checksum(covered, body))) else {
            return .failure(Flaw(reason: "its checksum is wrong"))
        }
        guard let version = UInt16(String(decoding: fields[1], as: UTF8.self)),
            Int(String(decoding: fields[2], as: UTF8.self)) == body.count
        else { return .failure(Flaw(reason: "its header line is malformed")) }
        guard version <= newestVersion else {
            return .failure(
                Flaw(
                    reason: "its format version is \(version), newer than \(newestVersion), the newest known"
                )
            )
        }
        return .success(DocumentHeader(formatVersion: version, bodyStart: newline + 1))
    }

    private static func checksum(_ fields: [UInt8], _ body: ArraySlice<UInt8>) -> UInt32 {
        var sum = CRC32()
        fields.withUnsafeBytes { sum.update($0) }
        body.withUnsafeBytes { sum.update($0) }
        return sum.value
    }

    private static func hexadecimal(_ value: UInt32) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return (0..<8).map { digits[Int((value >> UInt32(28 - 4 * $0)) & 0xF)] }
    }
}
