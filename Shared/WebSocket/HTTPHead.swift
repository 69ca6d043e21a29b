/// The head of an HTTP/1.1 message: start line and header fields (RFC 9112 §2.1).
struct HTTPHead: Equatable, Sendable {
    var startLine: String
    /// Names in lower case, in order of arrival.
    var fields: [(name: String, value: String)]

    static func == (left: HTTPHead, right: HTTPHead) -> Bool {
        left.startLine == right.startLine && left.fields.elementsEqual(right.fields, by: ==)
    }

    /// All values of a field given by its lower-case name.
    func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// The value of a field that must stand exactly once.
    func single(_ name: String) -> String? {
        let found = values(name)
        return found.count == 1 ? found[0] : nil
    }

    /// The elements of a comma-separated list, over all fields of that name (RFC 9110 §5.6.1).
    func list(_ name: String) -> [String] {
        values(name).flatMap { $0.split(separator: ",").map(Self.trimmed).filter { !$0.isEmpty } }
    }

    /// Whether a list holds `token`, letters compared without case.
    func list(_ name: String, holds token: String) -> Bool { list(name).contains { $0.lowercased() == token } }

    static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let bytes = Array(text.utf8)
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}

/// Why bytes are no HTTP head.
public enum HTTPHeadError: Error, Equatable, Sendable {
    case tooLong(limitBytes: Int)
    case tooManyFields(limit: Int)
    case malformedStartLine
    case malformedField(line: Int)
}

/// Collects the bytes of one HTTP head, in any chunking, and keeps what follows it.
struct HTTPHeadReader: Equatable, Sendable {
    static let maximumBytes = 16 * 1024
    static let maximumFields = 100

    private(set) var bytes: [UInt8] = []
    private var lineStart = 0
    private var searched = 0
    private var hasStartLine = false

    /// The head once it is complete, and the bytes behind it; nil when more is needed.
    /// - Throws: `HTTPHeadError` as soon as the head can no longer become one.
    mutating func receive(
        _ chunk: ArraySlice<UInt8>
    ) throws(HTTPHeadError) -> (head: HTTPHead, rest: ArraySlice<UInt8>)? {
        bytes += chunk
        while let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
            guard end < Self.maximumBytes else { break }
            let line = line(from: lineStart, to: end)
            lineStart = end + 1
            searched = lineStart
            // A blank line before the start line is skipped (RFC 9112 §2.2).
            guard line.isEmpty else {
                hasStartLine = true
                continue
            }
            if hasStartLine {
                return (try parse(bytes[..<lineStart]), bytes[lineStart...])
            }
        }
        searched = bytes.count
        guard bytes.count < Self.maximumBytes else { throw .tooLong(limitBytes: Self.maximumBytes) }
        return nil
    }

    /// A line without its end. A bare LF ends a line too (RFC 9112 §2.2).
    private func line(from start: Int, to end: Int) -> ArraySlice<UInt8> {
        end > start && bytes[end - 1] == UInt8(ascii: "\r") ? bytes[start..<end - 1] : bytes[start..<end]
    }

    private func parse(_ head: ArraySlice<UInt8>) throws(HTTPHeadError) -> HTTPHead {
        var start = head.startIndex
        var lines: [ArraySlice<UInt8>] = []
        while let end = head[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = line(from: start, to: end)
            if !line.isEmpty { lines.append(line) }
            start = end + 1
        }
        guard lines.count <= Self.maximumFields + 1 else { throw .tooManyFields(limit: Self.maximumFields) }
        guard let first = lines.first, first.allSatisfy(Self.isText) else { throw .malformedStartLine }
        var fields: [(name: String, value: String)] = []
        for (index, line) in lines.enumerated().dropFirst() {
            // No blank before the colon, no folded line (RFC 9112 §5.1, §5.2).
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(Self.isToken), line[colon...].allSatisfy(Self.isText)
            else { throw .malformedField(line: index + 1) }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            fields.append((name, HTTPHead.trimmed(String(decoding: line[(colon + 1)...], as: UTF8.self))))
        }
        return HTTPHead(startLine: String(decoding: first, as: UTF8.self), fields: fields)
    }

    /// Field content: no control characters but the tabulator (RFC 9110 §5.5).
    private static func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    /// tchar (RFC 9110 §5.6.2).
    private static func isToken(_ byte: UInt8) -> Bool {
        guard (0x21...0x7E).contains(byte) else { return false }
        return !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
    }
}
