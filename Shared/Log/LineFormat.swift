public import Primitives

/// How a record becomes a line of text. Pure, so that tests and tools can use it without a descriptor.
public enum LineFormat: Equatable, Sendable {
    /// `<5>message key=value`: the prefix tells journald the priority, and journald adds the time.
    case journal
    /// `2026-11-22T17:11:00.123Z notice  message key=value`.
    case terminal

    /// Longest line in bytes, newline included: PIPE_BUF, so that lines of several writers to one pipe never mix.
    public static let maximumBytes = 4096

    /// The line of `record`, newline included. What is longer than `maximumBytes` is cut and ends in `…`.
    /// The time is shown on a terminal only.
    public func line(_ record: LogRecord, at utc: Timestamp) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(128)
        switch self {
        case .journal:
            line.append(contentsOf: "<\(record.level.rawValue)>".utf8)
        case .terminal:
            let word = record.level.word
            line.append(contentsOf: "\(utc) \(word)".utf8)
            line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 8 - word.utf8.count))
        }
        Self.append(record.message, quoted: false, to: &line)
        for field in record.fields {
            line.append(contentsOf: " \(field.key)=".utf8)
            Self.append(field.value, quoted: Self.needsQuotes(field.value), to: &line)
        }
        Self.cut(&line)
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// An unquoted value ends at the next space, so anything that could be misread is quoted.
    private static func needsQuotes(_ value: String) -> Bool {
        value.isEmpty || value.utf8.contains { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\"") || $0 == 0x3D }
    }

    /// Control characters are always escaped: one record is one line, whatever a peer sent us.
    private static func append(_ text: String, quoted: Bool, to line: inout [UInt8]) {
        if quoted { line.append(UInt8(ascii: "\"")) }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\n"): line.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): line.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): line.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F:
                let digits = Array("0123456789abcdef".utf8)
                line.append(contentsOf: "\\x".utf8)
                line.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]])
            case UInt8(ascii: "\"") where quoted, UInt8(ascii: "\\") where quoted:
                line.append(contentsOf: [UInt8(ascii: "\\"), byte])
            default: line.append(byte)
            }
        }
        if quoted { line.append(UInt8(ascii: "\"")) }
    }

    /// Cuts between characters, never inside one.
    private static func cut(_ line: inout [UInt8]) {
        let mark = Array("…".utf8)
        guard line.count > maximumBytes - 1 else { return }
        var end = maximumBytes - 1 - mark.count
        while end > 0, line[end] & 0xC0 == 0x80 { end -= 1 }
        line.removeSubrange(end...)
        line.append(contentsOf: mark)
    }
}

extension LogRecord.Level {
    /// The name that people read, and that `--log-level` accepts.
    public var word: String {
        switch self {
        case .fault: "fault"
        case .error: "error"
        case .warning: "warning"
        case .notice: "notice"
        case .info: "info"
        case .debug: "debug"
        }
    }

    /// The level of that name; nil when there is none.
    public init?(word: String) {
        guard let level = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = level
    }
}
