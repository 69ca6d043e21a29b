/// A number, exactly as it was written: decimals are not forced into a binary fraction.
public struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
    /// The text, in JSON's grammar.
    public let text: String

    /// The parser vouches for the grammar.
    init(checked text: String) { self.text = text }

    public init(_ value: some FixedWidthInteger) { text = String(value) }

    /// The shortest text that reads back as the same value; nil for NaN and infinities.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    public var description: String { text }

    /// The value when it is an integer that fits: no exponent, and nothing but zeros after a point.
    public var asInt64: Int64? { value(of: integer(as: Int64.self)) }

    /// As `asInt64`, for the machine's word.
    public var asInt: Int? { value(of: integer(as: Int.self)) }

    /// The nearest `Double`; nil beyond its range.
    public var asDouble: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    enum IntegerReading<I: Equatable>: Equatable {
        case value(I)
        case notAnInteger
        case outOfRange
    }

    func integer<I: FixedWidthInteger>(as type: I.Type) -> IntegerReading<I> {
        var magnitude: UInt64 = 0
        var isNegative = false
        var isTooLarge = false
        var isAfterPoint = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"):
                isNegative = true
            case UInt8(ascii: "."):
                isAfterPoint = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                return .notAnInteger
            case UInt8(ascii: "0") where isAfterPoint:
                continue
            case _ where isAfterPoint:
                return .notAnInteger
            default:
                let (product, overflows) = magnitude.multipliedReportingOverflow(by: 10)
                let (sum, carries) = product.addingReportingOverflow(UInt64(byte & 0x0F))
                isTooLarge = isTooLarge || overflows || carries
                magnitude = sum
            }
        }
        guard !isTooLarge else { return .outOfRange }
        if !isNegative { return I(exactly: magnitude).map(IntegerReading.value) ?? .outOfRange }
        guard magnitude <= Int64.min.magnitude else { return .outOfRange }
        return I(exactly: Int64(truncatingIfNeeded: 0 &- magnitude)).map(IntegerReading.value) ?? .outOfRange
    }

    private func value<I>(of reading: IntegerReading<I>) -> I? {
        guard case .value(let value) = reading else { return nil }
        return value
    }
}
