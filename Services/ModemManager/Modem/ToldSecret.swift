internal import Primitives

/// Whether a text tells a secret, also in another spelling than that of its file.
extension String {
    /// A spelling of so few letters and digits stands in too much by chance to be looked for; a PIN has four.
    private static let fewest = 4

    func tells(_ secrets: [Secret]) -> Bool {
        guard !secrets.isEmpty, !isEmpty else { return false }
        let bytes = Array(utf8)
        let unescaped = String(decoding: bytes.unescaped, as: UTF8.self)
        let spellings =
            [lettersAndDigits, unmarkedLettersAndDigits, unescaped.lettersAndDigits]
            + [unescaped.unmarkedLettersAndDigits]
        return secrets.contains { secret in
            let exposed = secret.exposed
            guard !exposed.isEmpty else { return false }
            if bytes.holds(Array(exposed.utf8)) { return true }
            let wanted = [exposed.lettersAndDigits, exposed.unmarkedLettersAndDigits] + exposed.hexadecimal
            let asSent = ATCommand.quoted(exposed).lettersAndDigits
            return (wanted + [asSent]).contains { one in
                one.count >= Self.fewest && spellings.contains { $0.holds(one) }
            }
        }
    }

    /// In lower case; nothing that stands between them, seen or not, and no marks on them.
    private var lettersAndDigits: [UInt8] {
        var kept = ""
        for scalar in unicodeScalars where scalar.isLetterOrDigit { kept.append(scalar.properties.lowercaseMapping) }
        return Array(kept.utf8)
    }

    /// The same of ASCII alone, without the letters that bear a mark: those are one sign for some, and two for others.
    private var unmarkedLettersAndDigits: [UInt8] {
        var kept: [UInt8] = []
        for scalar in unicodeScalars {
            if scalar.isMark {
                if kept.last.map({ (0x61...0x7A).contains($0) }) == true { kept.removeLast() }
            } else if scalar.isASCII, scalar.isLetterOrDigit {
                kept += scalar.properties.lowercaseMapping.utf8
            }
        }
        return kept
    }

    /// As modems spell a text in hexadecimal: its bytes, and its UTF-16 of either order.
    private var hexadecimal: [[UInt8]] {
        let words = Array(utf16)
        return [
            Self.digits(Array(utf8)), Self.digits(words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }),
            Self.digits(words.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
        ]
    }

    private static func digits(_ bytes: [UInt8]) -> [UInt8] {
        let all = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [all[Int($0 >> 4)], all[Int($0 & 0xF)]] }
    }
}

extension Unicode.Scalar {
    fileprivate var isLetterOrDigit: Bool {
        if isASCII { return (0x30...0x39).contains(value) || (0x61...0x7A).contains(value | 0x20) }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }

    /// One that changes the sign before it.
    fileprivate var isMark: Bool {
        !isASCII && [.nonspacingMark, .enclosingMark, .spacingMark].contains(properties.generalCategory)
    }
}

extension [UInt8] {
    /// With `\303`, `\xC3` and `%C3` as the byte that they stand for.
    fileprivate var unescaped: [UInt8] {
        var bytes: [UInt8] = []
        var rest = self[...]
        while let first = rest.first {
            let escape: (byte: UInt8, length: Int)?
            switch first {
            case 0x25: escape = rest.number(from: 1, digits: 2, base: 16).map { ($0, 3) }
            case 0x5C where rest.dropFirst().first == 0x78:
                escape = rest.number(from: 2, digits: 2, base: 16).map { ($0, 4) }
            case 0x5C: escape = rest.number(from: 1, digits: 3, base: 8).map { ($0, 4) }
            default: escape = nil
            }
            bytes.append(escape?.byte ?? first)
            rest = rest.dropFirst(escape?.length ?? 1)
        }
        return bytes
    }

    /// What is looked through is a line, which is short.
    fileprivate func holds(_ other: [UInt8]) -> Bool {
        guard let first = other.first, count >= other.count else { return false }
        return (0...(count - other.count)).contains { self[$0] == first && self[$0...].starts(with: other) }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func number(from start: Int, digits: Int, base: Int) -> UInt8? {
        let text = dropFirst(start).prefix(digits)
        guard text.count == digits, text.allSatisfy({ $0 != 0x2B && $0 != 0x2D }) else { return nil }
        return UInt8(String(decoding: text, as: UTF8.self), radix: base)
    }
}
