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

    /// The value when it is an integer that fits, however it is written.
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

    /// By value: `12`, `12.0`, `1.2e1` and `120e-1` are the same number (RFC 8259 §6), and printers differ in how they write it.
    func integer<I: FixedWidthInteger>(as type: I.Type) -> IntegerReading<I> {
        var magnitude: UInt64 = 0
        var isTooLarge = false
        // Zeros that were read and do not count yet: they may be all that follows.
        var zeros = 0
        var fraction = 0
        var isAfterPoint = false
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        while let byte = rest.first, byte | 0x20 != UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if byte == UInt8(ascii: ".") {
                isAfterPoint = true
                continue
            }
            if isAfterPoint { fraction += 1 }
            guard byte != UInt8(ascii: "0") else {
                zeros += 1
                continue
            }
            isTooLarge = !Self.shift(&magnitude, by: zeros + 1, adding: UInt64(byte & 0x0F)) || isTooLarge
            zeros = 0
        }
        guard magnitude != 0 || isTooLarge else { return .value(0) }
        // What stands behind the last digit that counts: zeros, or, below zero, digits behind the point.
        guard let exponent = Self.exponent(rest.dropFirst()) else { return .outOfRange }
        let places = exponent + zeros - fraction
        guard places >= 0 else { return .notAnInteger }
        guard !isTooLarge, Self.shift(&magnitude, by: places, adding: 0) else { return .outOfRange }
        if !isNegative { return I(exactly: magnitude).map(IntegerReading.value) ?? .outOfRange }
        guard magnitude <= Int64.min.magnitude else { return .outOfRange }
        return I(exactly: Int64(truncatingIfNeeded: 0 &- magnitude)).map(IntegerReading.value) ?? .outOfRange
    }

    /// Appends decimal places, the last of which is `digit`. False when the number does not fit any more.
    private static func shift(_ magnitude: inout UInt64, by places: Int, adding digit: UInt64) -> Bool {
        guard magnitude != 0 else {
            magnitude = digit
            return true
        }
        // 20 places fit into 64 bits.
        guard places <= 20 else { return false }
        for _ in 0..<places {
            let (product, overflows) = magnitude.multipliedReportingOverflow(by: 10)
            guard !overflows else { return false }
            magnitude = product
        }
        let (sum, carries) = magnitude.addingReportingOverflow(digit)
        magnitude = sum
        return !carries
    }

    /// What follows the `e`; 0 for nothing. A large one counts as a million, which no document has digits for; a negative one so too.
    private static func exponent(_ text: Substring.UTF8View) -> Int? {
        var value = 0
        var isNegative = false
        for byte in text {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): continue
            default: value = min(value * 10 + Int(byte & 0x0F), 10_000_000)
            }
        }
        return isNegative ? -value : value
    }

    private func value<I>(of reading: IntegerReading<I>) -> I? {
        guard case .value(let value) = reading else { return nil }
        return value
    }
}
