/// Checks UTF-8 while it arrives in pieces (RFC 3629 §4), and knows as early as possible that a text cannot be valid any more.
struct UTF8Validator: Equatable, Sendable {
    /// Continuation bytes still missing from the current character.
    private var missing = 0
    /// What the next continuation byte may be: narrower after E0, ED, F0 and F4, against overlong forms, surrogates and
    /// characters beyond U+10FFFF.
    private var allowed: ClosedRange<UInt8> = 0x80...0xBF

    /// Whether the text may end here.
    var isComplete: Bool { missing == 0 }

    /// Reads `bytes` from index `start` on. Returns false when they cannot be the continuation of a valid text.
    mutating func receive(_ bytes: [UInt8], from start: Int) -> Bool {
        if missing == 0, Self.isASCII(bytes, from: start) { return true }
        let span = bytes.span
        for index in start..<span.count {
            guard receive(span[index]) else { return false }
        }
        return true
    }

    private mutating func receive(_ byte: UInt8) -> Bool {
        if missing > 0 {
            guard allowed.contains(byte) else { return false }
            missing -= 1
            allowed = 0x80...0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, allowed) = (2, 0xA0...0xBF)
        case 0xED: (missing, allowed) = (2, 0x80...0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, allowed) = (3, 0x90...0xBF)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, allowed) = (3, 0x80...0x8F)
        default: return false
        }
        return true
    }

    /// Without a branch per byte, so that the compiler takes many at a time.
    private static func isASCII(_ bytes: [UInt8], from start: Int) -> Bool {
        var union: UInt8 = 0
        let span = bytes.span
        for index in start..<span.count { union |= span[index] }
        return union < 0x80
    }
}
