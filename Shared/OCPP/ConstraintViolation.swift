/// Why a value that has the right JSON type is still wrong. It travels as `underlyingError` of a `DecodingError.dataCorrupted`, so that
/// the codec can choose the code of the CALLERROR (J §4.2.3).
public enum ConstraintViolation: Error, Equatable, Sendable {
    /// A field has an invalid value: too long, outside its range or enumeration, no date.
    case property(String)
    /// A field occurs too rarely or too often: an empty list where one element is required.
    case occurrence(String)

    /// The error to throw from `init(from:)` for the value at `codingPath`.
    public func decodingError(at codingPath: [any CodingKey]) -> DecodingError {
        let reason =
            switch self {
            case .property(let reason), .occurrence(let reason): reason
            }
        return .dataCorrupted(.init(codingPath: codingPath, debugDescription: reason, underlyingError: self))
    }
}

extension KeyedDecodingContainer {
    /// An integer that must lie in `range`.
    func decode(_ key: Key, in range: PartialRangeFrom<Int>) throws -> Int {
        let value = try decode(Int.self, forKey: key)
        guard range.contains(value) else {
            throw ConstraintViolation.property("\(range.lowerBound) or more is expected")
                .decodingError(at: codingPath + [key])
        }
        return value
    }
}
