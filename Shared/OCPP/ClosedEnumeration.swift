/// An enumeration of the specification: its schema is closed, so any other value is a violation (J §4.2.3).
public protocol ClosedEnumeration: RawRepresentable<String>, CaseIterable, Codable, Equatable, Sendable {}

extension ClosedEnumeration {
    /// Reads one of the values.
    /// - Throws: `DecodingError.dataCorrupted` with `ConstraintViolation.property` for any other text.
    public init(from decoder: any Decoder) throws { self = try Self.oneOfTheCases(decoder) }

    static func oneOfTheCases(_ decoder: any Decoder) throws -> Self {
        let container = try decoder.singleValueContainer()
        guard let value = Self(rawValue: try container.decode(String.self)) else {
            let expected = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConstraintViolation.property("expected one of \(expected)").decodingError(at: container.codingPath)
        }
        return value
    }

    /// Writes the value as the specification spells it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
