/// A UTC instant in whole milliseconds. Reads and writes ISO 8601 itself: exact, no floating point, no locale, no time zone data.
///
/// Written always as `2026-11-22T17:11:00.123Z` (OCPP 1.6 §3.14 UTC advised, §3.15 milliseconds allowed).
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds. Years 0000 to 9999 can be written.
    public var millisecondsSinceEpoch: Int64

    public init(millisecondsSinceEpoch: Int64) { self.millisecondsSinceEpoch = millisecondsSinceEpoch }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    /// The instant so much later, or the last one that can be represented.
    public func advanced(by duration: Duration) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: millisecondsSinceEpoch.addingClamped(duration.wholeMilliseconds))
    }

    /// The time from `earlier` to this instant; negative when `earlier` is later.
    public func duration(since earlier: Timestamp) -> Duration {
        .milliseconds(millisecondsSinceEpoch.subtractingClamped(earlier.millisecondsSinceEpoch))
    }
}

// MARK: - Writing

extension Timestamp: CustomStringConvertible {
    /// The day alone: `2026-01-31`.
    public var day: String { String(description.prefix(10)) }

    public var description: String {
        let (days, milliseconds) = Self.floorDivide(millisecondsSinceEpoch, by: 86_400_000)
        let (year, month, day) = Self.civil(fromDays: days)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func append(_ value: Int64, digits: Int, after separator: Unicode.Scalar? = nil) {
            if let separator { text.append(UInt8(ascii: separator)) }
            let end = text.count + digits
            text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
            var rest = value
            for place in 1...digits {
                text[end - place] += UInt8(rest % 10)
                rest /= 10
            }
        }
        append(min(max(year, 0), 9999), digits: 4)
        append(month, digits: 2, after: "-")
        append(day, digits: 2, after: "-")
        append(milliseconds / 3_600_000, digits: 2, after: "T")
        append(milliseconds / 60_000 % 60, digits: 2, after: ":")
        append(milliseconds / 1000 % 60, digits: 2, after: ":")
        append(milliseconds % 1000, digits: 3, after: ".")
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }
}

// MARK: - Reading

extension Timestamp {
    /// Reads an ISO 8601 date-time as central systems send it.
    ///
    /// Accepted: `T`, `t` or a space between date and time; a fraction of any length (digits beyond the millisecond are cut),
    /// after `.` or `,`; missing seconds; a zone as `Z`, `z`, `+hh:mm`, `+hhmm` or `+hh`; no zone at all, which is taken as UTC
    /// (OCPP 1.6 §3.14 leaves it open; some central systems send it so). A leap second `:60` becomes the next second, and
    /// `24:00` the next day. Refused, with nil: anything else, impossible dates (30 February), trailing text.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 64 else { return nil }
        var reader = Reader(bytes: Array(text.utf8))
        guard let milliseconds = reader.dateTime() else { return nil }
        self.init(millisecondsSinceEpoch: milliseconds)
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func dateTime() -> Int64? {
            guard let year = number(digits: 4), take("-"), let month = number(digits: 2), take("-"),
                let day = number(digits: 2), take("T") || take("t") || take(" "),
                let hour = number(digits: 2), take(":"), let minute = number(digits: 2)
            else { return nil }
            var second: Int64 = 0
            var millisecond: Int64 = 0
            if take(":") {
                guard let value = number(digits: 2) else { return nil }
                second = value
                if take(".") || take(",") {
                    guard let value = fraction() else { return nil }
                    millisecond = value
                }
            }
            guard let offsetMinutes = zone(), position == bytes.count,
                (1...12).contains(month), day >= 1, day <= Timestamp.days(inMonth: month, of: year),
                hour <= 24, minute <= 59, second <= 60,
                hour < 24 || (minute == 0 && second == 0 && millisecond == 0)
            else { return nil }
            let days = Timestamp.days(fromCivil: year, month, day)
            let minutes = hour * 60 + minute - offsetMinutes
            return days * 86_400_000 + minutes * 60_000 + second * 1000 + millisecond
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        private mutating func digit() -> Int64? {
            guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
            defer { position += 1 }
            return Int64(bytes[position] - 0x30)
        }

        private mutating func number(digits: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digits {
                guard let next = digit() else { return nil }
                value = value * 10 + next
            }
            return value
        }

        private mutating func fraction() -> Int64? {
            guard var value = digit() else { return nil }
            var count = 1
            while let next = digit() {
                if count < 3 { value = value * 10 + next }
                count += 1
            }
            while count < 3 {
                value *= 10
                count += 1
            }
            return value
        }

        /// Minutes east of UTC; 0 when the text ends here.
        private mutating func zone() -> Int64? {
            if position == bytes.count || take("Z") || take("z") { return 0 }
            let sign: Int64
            if take("+") {
                sign = 1
            } else if take("-") {
                sign = -1
            } else {
                return nil
            }
            guard let hours = number(digits: 2), hours <= 23 else { return nil }
            if position == bytes.count { return sign * hours * 60 }
            _ = take(":")
            guard let minutes = number(digits: 2), minutes <= 59 else { return nil }
            return sign * (hours * 60 + minutes)
        }
    }
}

// MARK: - Calendar arithmetic (proleptic Gregorian; eras of 400 years starting on 1 March)

extension Timestamp {
    fileprivate static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    fileprivate static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    fileprivate static func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(shiftedYear, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    fileprivate static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Timestamp: Codable {
    /// Reads the ISO 8601 text.
    /// - Throws: `DecodingError.dataCorrupted` when the text is no date-time.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let timestamp = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "expected an ISO 8601 date-time such as 2026-01-31T12:00:00.000Z"
            )
        }
        self = timestamp
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
