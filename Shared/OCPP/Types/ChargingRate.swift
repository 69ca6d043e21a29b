/// A current in A or a power in W with at most one fraction digit, held as whole tenths. OCPP 1.6 §7.13, §7.14.
public struct ChargingRate: Hashable, Comparable, Sendable {
    /// Tenths of the unit: 81 is 8.1.
    public var tenths: Int

    public init(tenths: Int) { self.tenths = tenths }

    /// A rate without fraction.
    public init(_ units: Int) { tenths = units * 10 }

    public static func < (left: ChargingRate, right: ChargingRate) -> Bool { left.tenths < right.tenths }

    /// Up to this many tenths every value has its own nearest double, so that nothing is lost between text and tenths.
    fileprivate static let exactTenths = 1_000_000_000_000_000
}

extension ChargingRate: CustomStringConvertible {
    public var description: String {
        let (units, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        return (tenths < 0 ? "-" : "") + "\(units)" + (rest == 0 ? "" : ".\(rest)")
    }
}

extension ChargingRate: Codable {
    /// Reads a number with at most one significant fraction digit (`8`, `8.0`, `8.1`).
    ///
    /// A decoder hands decimals over as `Double` only. That is exact here: the double of the text is accepted only if it is the one
    /// nearest to a whole number of tenths, so 8.1 reads as 81 tenths, and 8.15 is refused. No arithmetic is done with it.
    /// - Throws: `DecodingError.dataCorrupted` with `ConstraintViolation.property` for more digits or an absurd size.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let value = try container.decode(Double.self)
        guard value.magnitude <= Double(Self.exactTenths / 10) else {
            throw ConstraintViolation.property("the number is too large").decodingError(at: container.codingPath)
        }
        let tenths = Int(value * 10 + (value < 0 ? -0.5 : 0.5))  // Int(_:) cuts towards zero
        guard Double(tenths) / 10 == value else {
            throw ConstraintViolation.property("at most one fraction digit is allowed")
                .decodingError(at: container.codingPath)
        }
        self.tenths = tenths
    }

    /// Writes an integer, or a number with one fraction digit.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let (units, rest) = tenths.quotientAndRemainder(dividingBy: 10)
        if rest == 0 {
            try container.encode(units)
        } else {
            try container.encode(Double(tenths) / 10)
        }
    }
}
