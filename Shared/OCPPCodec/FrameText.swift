/// Searches in frames that may be no JSON at all.
public enum FrameText {
    /// Whether `frame` holds `name` in any spelling that a JSON reader would take for it: letters of either case, any of them written
    /// as `\u004b`. Cost: linear in the frame.
    ///
    /// `name` is ASCII.
    public static func mentions(_ name: String, in frame: [UInt8]) -> Bool {
        let wanted = name.utf8.map(lowercase)
        let plain = unescaped(frame)
        guard let first = wanted.first, plain.count >= wanted.count else { return wanted.isEmpty }
        for start in 0...(plain.count - wanted.count) where plain[start] == first {
            if plain[start...].starts(with: wanted) { return true }
        }
        return false
    }

    /// The bytes in lower case, with `\uXXXX` of ASCII characters replaced by them. More than one backslash before the `u` counts as one:
    /// a text within a text is escaped twice.
    private static func unescaped(_ frame: [UInt8]) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(frame.count)
        var position = 0
        while position < frame.count {
            let byte = frame[position]
            position += 1
            guard byte == UInt8(ascii: "\\") else {
                plain.append(lowercase(byte))
                continue
            }
            if position + 4 < frame.count, frame[position] == UInt8(ascii: "u"),
                let code = hexadecimal(frame[(position + 1)...(position + 4)]), code < 0x80
            {
                while plain.last == UInt8(ascii: "\\") { plain.removeLast() }
                plain.append(lowercase(UInt8(truncatingIfNeeded: code)))
                position += 5
            } else {
                plain.append(byte)
            }
        }
        return plain
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt16? {
        var code: UInt16 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: code = code << 4 | UInt16(digit - 0x30)
            case 0x41...0x46, 0x61...0x66: code = code << 4 | UInt16(lowercase(digit) - 0x61 + 10)
            default: return nil
            }
        }
        return code
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
