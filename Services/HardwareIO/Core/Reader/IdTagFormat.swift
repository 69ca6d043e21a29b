import BusSchema

/// How a card's number becomes an idTag. Central systems disagree, so this is configuration; nothing is ever cut, and nothing padded unless asked for.
public struct IdTagFormat: Equatable, Sendable {
    public enum ByteOrder: Equatable, Sendable {
        /// As the reader reports it: first byte of the UID first.
        case normal
        case reversed
    }

    public enum Notation: Equatable, Sendable {
        /// Two digits per byte, no separators.
        case hexadecimal
        /// One unsigned number, as printed on 125 kHz fobs.
        case decimal
    }

    /// Why a card gives no idTag.
    public enum Refusal: Error, Equatable, Sendable, CustomStringConvertible {
        /// UIDs have 4 to 10 bytes (ISO/IEC 14443-3 has 4, 7 and 10; 125 kHz fobs have 5, ISO/IEC 15693 has 8).
        case length(bytes: Int)
        /// First byte 08 of 4: drawn at random by the card at each reading (ISO/IEC 14443-3 table 8).
        case random
        /// Rendered longer than an idTag may be, or empty (OCPP 1.6 §7.28).
        case rendered(characters: Int)
        /// A printing reader sent something that is no printable ASCII.
        case notPrintable

        public var description: String {
            switch self {
            case .length(let bytes): "UID has \(bytes) bytes, expected 4…10"
            case .random: "UID is drawn at random, it would differ each time"
            case .rendered(let characters): "rendered idTag has \(characters) characters, expected 1…20"
            case .notPrintable: "reader sent characters that are not printable ASCII"
            }
        }
    }

    /// OCPP 1.6 §7.28: CiString20Type.
    public static let longestIdTag = 20

    /// Of letters. OCPP compares idTags without regard to it (OCPP 1.6 §7.28), some that hold lists of them do not.
    public enum LetterCase: Equatable, Sendable {
        case upper
        case lower
    }

    public var byteOrder: ByteOrder
    public var notation: Notation
    public var letterCase: LetterCase
    /// Decimal numbers have at least so many digits, with zeros before them; 0 for none.
    public var decimalDigits: Int
    public var prefix: String

    public init(
        byteOrder: ByteOrder = .normal,
        notation: Notation = .hexadecimal,
        letterCase: LetterCase = .upper,
        decimalDigits: Int = 0,
        prefix: String = ""
    ) {
        self.byteOrder = byteOrder
        self.notation = notation
        self.letterCase = letterCase
        self.decimalDigits = decimalDigits
        self.prefix = prefix
    }

    /// The idTag of a card, 1…20 characters.
    /// - Throws: `Refusal` when the card has none.
    public func idTag(of card: CardContent) throws(Refusal) -> String {
        let text: String
        switch card {
        case .uid(let uid):
            guard (4...10).contains(uid.count) else { throw .length(bytes: uid.count) }
            guard !Self.isRandom(uid) else { throw .random }
            let ordered = byteOrder == .reversed ? uid.reversed() : uid
            text = notation == .decimal ? decimal(ordered) : hexadecimal(ordered)
        case .printed(let printed):
            guard printed.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .notPrintable }
            guard !printed.isEmpty else { throw .rendered(characters: 0) }
            text = printed
        }
        let idTag = prefix + text
        guard idTag.utf8.count <= Self.longestIdTag else { throw .rendered(characters: idTag.utf8.count) }
        return idTag
    }

    /// The idTags of a card under each setting that gives one; none of a card whose reader prints the idTag itself.
    static func renderings(of card: CardContent) -> [ShowCard.Rendering] {
        guard case .uid(let uid) = card, !isRandom(uid) else { return [] }
        var formats: [(String, IdTagFormat)] = []
        for (order, byteOrder) in [("", ByteOrder.normal), (" reversed", .reversed)] {
            formats.append(("hex" + order, IdTagFormat(byteOrder: byteOrder)))
            formats.append(("hex\(order) lower", IdTagFormat(byteOrder: byteOrder, letterCase: .lower)))
            formats.append(("decimal" + order, IdTagFormat(byteOrder: byteOrder, notation: .decimal)))
            let digits = IdTagFormat(byteOrder: byteOrder, notation: .decimal, decimalDigits: 10)
            formats.append(("decimal\(order) 10 digits", digits))
        }
        return formats.compactMap { settings, format in
            // Too long for an idTag.
            guard let idTag = try? format.idTag(of: card) else { return nil }
            return ShowCard.Rendering(settings: settings, idTag: idTag)
        }
    }

    /// Whether the card draws its number anew each time it comes into a field: four bytes, the first 08 (ISO/IEC 14443-3 table 8).
    public static func isRandom(_ uid: [UInt8]) -> Bool { uid.count == 4 && uid[0] == 0x08 }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array((letterCase == .lower ? "0123456789abcdef" : "0123456789ABCDEF").utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }, as: UTF8.self)
    }

    /// Up to 10 bytes, which is more than 64 bits.
    private func decimal(_ bytes: [UInt8]) -> String {
        let digits = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }.description
        let zeros = min(decimalDigits, Self.longestIdTag) - digits.utf8.count
        return String(repeating: "0", count: max(zeros, 0)) + digits
    }
}
