/// Reads one document byte by byte (RFC 8259), stricter than the RFC demands: duplicate keys are refused (§4 only advises),
/// and so is a byte order mark (§8.1 allows ignoring it).
struct Parser {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var position = 0
    private var values = 0

    init(_ bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        guard bytes.count <= limits.bytes else {
            throw JSONSyntaxError(offset: limits.bytes, problem: "the document exceeds \(limits.bytes) bytes")
        }
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw unexpected("the end of the document") }
        return value
    }

    /// The elements that a list begins with, as far as they are texts or numbers, at most `count`: what can be known of a document
    /// that cannot be read as a whole. A text is complete with its closing quote; a number only with the comma or the end behind it.
    mutating func leadingScalars(count: Int) -> [JSONValue] {
        var elements: [JSONValue] = []
        skipSpace()
        guard take(UInt8(ascii: "[")) else { return [] }
        while elements.count < count {
            skipSpace()
            guard let first = current, first == UInt8(ascii: "\"") || first == UInt8(ascii: "-") || isDigit,
                let element = try? value(depth: 0)
            else { return elements }
            skipSpace()
            let isFollowed = current == UInt8(ascii: ",") || current == UInt8(ascii: "]")
            if isFollowed || element.asString != nil { elements.append(element) }
            guard take(UInt8(ascii: ",")) else { return elements }
        }
        return elements
    }

    // MARK: - Values

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard let first = current else { throw unexpected("a value") }
        values += 1
        guard values <= limits.values else { throw failure("more than \(limits.values) values") }
        switch first {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "t"):
            try keyword("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try keyword("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try keyword("null")
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(try number())
        default:
            throw unexpected("a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONObject {
        try enter(depth: depth)
        var object = JSONObject()
        skipSpace()
        if take(UInt8(ascii: "}")) { return object }
        while true {
            let start = position
            guard current == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected("a colon") }
            skipSpace()
            let value = try value(depth: depth)
            guard object.append(key: key, value: value) else {
                throw JSONSyntaxError(offset: start, problem: "duplicate key \(JSONValue.string(key).excerpt)")
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return object }
            guard take(UInt8(ascii: ",")) else { throw unexpected("a comma or the end of the object") }
            skipSpace()
        }
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> [JSONValue] {
        try enter(depth: depth)
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw unexpected("a comma or the end of the list") }
            skipSpace()
        }
    }

    private mutating func enter(depth: Int) throws(JSONSyntaxError) {
        guard depth <= limits.depth else { throw failure("nested deeper than \(limits.depth)") }
        position += 1
    }

    private mutating func keyword(_ word: StaticString) throws(JSONSyntaxError) {
        let text = word.description
        guard bytes[position...].starts(with: text.utf8) else { throw failure("expected \(text)") }
        position += text.utf8.count
    }

    // MARK: - Numbers

    private mutating func number() throws(JSONSyntaxError) -> JSONNumber {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            guard !isDigit else { throw failure("a number must not begin with a zero before other digits") }
        } else {
            try digits()
        }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return JSONNumber(checked: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private var isDigit: Bool { current.map { (0x30...0x39).contains($0) } ?? false }

    private mutating func digits() throws(JSONSyntaxError) {
        guard isDigit else { throw unexpected("a digit") }
        repeat { position += 1 } while isDigit
    }

    // MARK: - Strings

    private mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        let start = position
        var seen: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let range = start..<position
                position += 1
                return try text(of: bytes[range], isASCII: seen < 0x80, at: start)
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw failure("a control character must be escaped") }
            seen |= byte
            position += 1
        }
        throw failure("the text is not closed")
    }

    /// The rest of a string whose first escape is at `position`.
    private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
        var buffer = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return try text(of: buffer[...], isASCII: false, at: start)
            }
            guard byte >= 0x20 else { throw failure("a control character must be escaped") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                try escape(into: &buffer)
            } else {
                buffer.append(byte)
            }
        }
        throw failure("the text is not closed")
    }

    private func text(
        of bytes: ArraySlice<UInt8>,
        isASCII: Bool,
        at start: Int
    ) throws(JSONSyntaxError) -> String {
        if isASCII { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw JSONSyntaxError(offset: start, problem: "the text is not valid UTF-8")
        }
        guard text.isStreamSafe else {
            throw JSONSyntaxError(
                offset: start,
                problem: "more than \(JSONLimits.combiningMarks) combining marks in a row"
            )
        }
        return text
    }

    /// One escape, the backslash already taken.
    private mutating func escape(into buffer: inout [UInt8]) throws(JSONSyntaxError) {
        guard let byte = current else { throw failure("the text is not closed") }
        let plain: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = byte
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            position += 1
            try appendScalar(to: &buffer)
            return
        default:
            throw failure("unknown escape")
        }
        position += 1
        buffer.append(plain)
    }

    /// Four hexadecimal digits, or two times four for a character beyond the basic plane (RFC 8259 §7).
    private mutating func appendScalar(to buffer: inout [UInt8]) throws(JSONSyntaxError) {
        let start = position - 2
        var code = UInt32(try hexadecimal())
        if (0xD800...0xDBFF).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = UInt32(try hexadecimal())
            if (0xDC00...0xDFFF).contains(low) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            }
        }
        guard let scalar = Unicode.Scalar(code), let encoded = UTF8.encode(scalar) else {
            throw JSONSyntaxError(offset: start, problem: "half of a surrogate pair")
        }
        buffer.append(contentsOf: encoded)
    }

    private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch current {
            case let byte? where (0x30...0x39).contains(byte): digit = byte - 0x30
            case let byte? where (0x41...0x46).contains(byte): digit = byte - 0x41 + 10
            case let byte? where (0x61...0x66).contains(byte): digit = byte - 0x61 + 10
            default: throw unexpected("a hexadecimal digit")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    // MARK: - Bytes

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func failure(_ problem: String) -> JSONSyntaxError { JSONSyntaxError(offset: position, problem: problem) }

    private func unexpected(_ expected: String) -> JSONSyntaxError {
        guard let byte = current else { return failure("expected \(expected), found the end") }
        let isPrintable = (0x21...0x7E).contains(byte)
        let digits = "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        let found = isPrintable ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(digits)"
        return failure("expected \(expected), found \(found)")
    }
}

extension String {
    /// Whether no run of combining marks is longer than `JSONLimits.combiningMarks`.
    fileprivate var isStreamSafe: Bool {
        var run = 0
        for scalar in unicodeScalars {
            // Nothing before U+0300 combines, so that most texts need no look into the tables.
            if scalar.value < 0x300 || scalar.properties.canonicalCombiningClass == .notReordered {
                run = 0
            } else {
                run += 1
                guard run <= JSONLimits.combiningMarks else { return false }
            }
        }
        return true
    }
}
