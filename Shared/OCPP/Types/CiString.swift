/// Text of at most `limit` characters, printable ASCII only, that compares without regard to case and keeps its spelling.
///
/// OCPP 1.6 §7.15 to §7.19 with E §3.58 to §3.62: the number is a maximum, not a required length. Empty text is legal.
public struct CiString<let limit: Int>: Sendable {
    /// The text as it was spelled.
    public let text: String

    /// Nil when `text` is longer than `limit` or contains anything but printable ASCII.
    public init?(_ text: String) {
        guard Self.violation(of: text) == nil else { return nil }
        self.text = text
    }

    /// Makes any text fit: cuts it to `limit` and puts `?` for what is not printable ASCII. For texts that only people read.
    public init(fitting text: String) {
        let bytes = text.unicodeScalars.prefix(limit).map { scalar in
            (0x20...0x7E).contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : UInt8(ascii: "?")
        }
        self.text = String(decoding: bytes, as: UTF8.self)
    }

    /// What keeps `text` from being such a string, in words; nil when nothing does.
    private static func violation(of text: String) -> String? {
        var count = 0
        for byte in text.utf8 {
            guard (0x20...0x7E).contains(byte) else { return "only printable ASCII is allowed" }
            count += 1
        }
        return count <= limit ? nil : "longer than \(limit) characters"
    }
}

extension CiString: Hashable {
    /// Equal when they differ in case at most.
    public static func == (left: CiString, right: CiString) -> Bool {
        left.text == right.text || left.text.utf8.lazy.map(lowercase).elementsEqual(right.text.utf8.lazy.map(lowercase))
    }

    /// Feeds the text without regard to case.
    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(lowercase(byte)) }
        hasher.combine(0xFF as UInt8)
    }
}

extension CiString: Codable {
    /// Reads and checks the text.
    /// - Throws: `DecodingError.dataCorrupted` with `ConstraintViolation.property` when it is too long or not printable ASCII.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        if let violation = Self.violation(of: text) {
            throw ConstraintViolation.property(violation).decodingError(at: container.codingPath)
        }
        self.text = text
    }

    /// Writes the text as it was spelled.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension CiString: CustomStringConvertible {
    public var description: String { text }
}

extension CiString: ExpressibleByStringLiteral {
    /// A text of our own. It must keep the limits, else the program stops: a literal that does not is our mistake.
    public init(stringLiteral text: String) {
        precondition(Self.violation(of: text) == nil, "A literal must be printable ASCII within the limit.")
        self.text = text
    }
}

/// OCPP 1.6 §7.15.
public typealias CiString20 = CiString<20>
/// OCPP 1.6 §7.16.
public typealias CiString25 = CiString<25>
/// OCPP 1.6 §7.17.
public typealias CiString50 = CiString<50>
/// OCPP 1.6 §7.18.
public typealias CiString255 = CiString<255>
/// OCPP 1.6 §7.19.
public typealias CiString500 = CiString<500>

/// The identifier of a card, a person or an app: `idTag`, `parentIdTag`. OCPP 1.6 §7.28.
public typealias IdToken = CiString20

private func lowercase(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}
