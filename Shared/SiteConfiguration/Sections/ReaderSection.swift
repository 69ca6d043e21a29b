/// One element of `readers`: a card reader, and how it turns a card into an idTag.
public struct ReaderSection: SiteReadable, Equatable, Sendable {
    public enum ByteOrder: String, SiteChoice, Sendable {
        /// First byte of the UID first.
        case normal
        case reversed

        var about: String {
            switch self {
            case .normal: "first byte of the UID first"
            case .reversed: "last byte first"
            }
        }
    }

    public enum Format: String, SiteChoice, Sendable {
        /// Two digits per byte.
        case hex
        /// One unsigned number.
        case decimal

        var about: String {
            switch self {
            case .hex: "two digits per byte"
            case .decimal: "one unsigned number"
            }
        }
    }

    public enum LetterCase: String, SiteChoice, Sendable {
        case upper
        case lower

        var about: String {
            switch self {
            case .upper: "capitals"
            case .lower: "small letters"
            }
        }
    }

    /// Unique.
    public var id: Int
    public var driver: DriverChoice
    /// Key `connectors`: those that a card here is meant for; empty for all of them.
    public var connectorIds: [Int]
    public var byteOrder: ByteOrder
    public var format: Format
    public var letterCase: LetterCase
    /// Decimal numbers have at least so many digits, 0…20.
    public var decimalDigits: Int
    /// Put before every idTag, which has at most 20 characters (OCPP 1.6 §7.28).
    public var prefix: String

    public init(_ fields: Fields) {
        let ids = 1...SiteFile.maximumDevices
        id = fields.integer("id", ids, "Unique among the readers.")
        driver = fields.device("driver", .reader, "Who reads the cards.")
        connectorIds =
            fields.integers(
                "connectors",
                ids,
                most: SiteFile.maximumDevices,
                "Ids of the connectors that a card here is meant for. Default: all of them."
            ) ?? []
        byteOrder = fields.choice("byteOrder", default: .normal, "Of the UID in the idTag.")
        format = fields.choice("format", default: .hex, "How the UID becomes a text.")
        letterCase = fields.choice("letterCase", default: .upper, "Of the digits A to F, where the format is hex.")
        decimalDigits = fields.integer(
            "decimalDigits",
            0...20,
            default: 0,
            "Where the format is decimal: zeros before the number make it so long. Fobs have 10 printed on them."
        )
        prefix = fields.text("prefix", 0...12, default: "", "Put before every idTag.")
    }
}
