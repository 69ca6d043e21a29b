/// One element of `readers`: a card reader, and how it turns a card into an idTag.
public struct ReaderSection: Decodable, Equatable, Sendable {
    public enum ByteOrder: String, CaseIterable, Sendable {
        /// First byte of the UID first.
        case normal
        case reversed
    }

    public enum Format: String, CaseIterable, Sendable {
        /// Two upper-case digits per byte.
        case hex
        /// One unsigned number.
        case decimal
    }

    /// Required: 1…32, unique.
    public var id: Int
    /// Required.
    public var driver: DriverChoice
    /// Key `connectors`: those that a card here is meant for. Default: all of them.
    public var connectorIds: [Int]
    /// Default: normal.
    public var byteOrder: ByteOrder
    /// Default: hex.
    public var format: Format
    /// Put before every idTag: 0…12 characters, default none. An idTag has at most 20 (OCPP 1.6 §7.28).
    public var prefix: String

    private enum CodingKeys: String, CodingKey {
        case id, driver, byteOrder, format, prefix
        case connectorIds = "connectors"
    }

    /// - Throws: `DecodingError` with the path and what was expected.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, keyedBy: CodingKeys.self)
        id = try fields.integer(.id, 1...SiteFile.maximumDevices)
        driver = try fields.value(.driver, as: DriverChoice.self)
        connectorIds = try fields.optionalValue(.connectorIds, as: [Int].self) ?? []
        byteOrder = try fields.choice(.byteOrder, default: .normal)
        format = try fields.choice(.format, default: .hex)
        prefix = try fields.optionalText(.prefix, 0...12) ?? ""
    }
}
