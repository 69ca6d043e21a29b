internal import Primitives

/// Secrets, also in other spellings than that of their file. They are spelled once: a modem says much, and all of it is looked through.
struct ToldSecrets: Equatable, Sendable {
    /// A spelling of so few letters and digits stands in too much by chance to be looked for; a PIN has four.
    private static let fewest = 4

    private let asTheyAre: [[UInt8]]
    private let spelled: [[UInt8]]

    init(_ secrets: [Secret]) {
        let exposed = secrets.map(\.exposed).filter { !$0.isEmpty }
        asTheyAre = exposed.map { Array($0.utf8) }
        let spellings = exposed.flatMap { text in
            [text.lettersAndDigits, text.unmarkedLettersAndDigits, ATCommand.quoted(text).lettersAndDigits]
                + text.hexadecimal
        }
        spelled = Set(spellings.filter { $0.count >= Self.fewest }).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Whether a text tells one of them.
    func stand(in text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard !asTheyAre.isEmpty, !bytes.isEmpty else { return false }
        return asTheyAre.contains { bytes.holds($0) }
            || text.spellings(bytes).contains { spelling in spelled.contains { spelling.holds($0) } }
    }
}

extension String {
    /// Its letters and digits, in each way to read it. Most of what modems say can be read in one way only.
    fileprivate func spellings(_ bytes: [UInt8]) -> [[UInt8]] {
        if bytes.allSatisfy({ $0 < 0x80 && $0 != 0x25 && $0 != 0x5C }) {
            return [bytes.filter(\.isLetterOrDigit).map { $0 | 0x20 }]
        }
        let unescaped = String(decoding: bytes.unescaped, as: UTF8.self)
        return [lettersAndDigits, unmarkedLettersAndDigits]
            + [unescaped.lettersAndDigits, unescaped.unmarkedLettersAndDigits]
    }

    /// In lower case; nothing that stands between them, seen or not, and no marks on them.
    fileprivate var lettersAndDigits: [UInt8] {
        var kept = ""
        for scalar in unicodeScalars where scalar.isLetterOrDigit { kept.append(scalar.properties.lowercaseMapping) }
        return Array(kept.utf8)
    }

    /// The same of ASCII alone, without the letters that bear a mark: those are one sign for some, and two for others.
    fileprivate var unmarkedLettersAndDigits: [UInt8] {
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
    fileprivate var hexadecimal: [[UInt8]] {
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
        if isASCII { return UInt8(value).isLetterOrDigit }
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

extension UInt8 {
    /// In ASCII; a digit stays what it is with the bit of the lower case.
    fileprivate var isLetterOrDigit: Bool { (0x30...0x39).contains(self) || (0x61...0x7A).contains(self | 0x20) }
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
        var rest = self[...(count - other.count)]
        while let place = rest.firstIndex(of: first) {
            if self[place...].starts(with: other) { return true }
            rest = rest[(place + 1)...]
        }
        return false
    }
}

extension ArraySlice<UInt8> {
    fileprivate func number(from start: Int, digits: Int, base: Int) -> UInt8? {
        let text = dropFirst(start).prefix(digits)
        guard text.count == digits, text.allSatisfy({ $0 != 0x2B && $0 != 0x2D }) else { return nil }
        return UInt8(String(decoding: text, as: UTF8.self), radix: base)
    }
}
