import JSON

/// A JSON text that came of a good one by one change.
struct HostileVariant: Sendable {
    /// What was done: `idTagInfo.status: null`.
    var what: String
    /// JSON in nearly all of them.
    var text: String
}

/// Every part of a JSON value replaced, left out, and doubled, one at a time.
enum HostileVariants {
    /// Texts that take the place of integers: the ends of 32 and 64 bits, where doubles lose them, beyond all; fractions and exponents.
    static let numbers = [
        "0", "-1", "-0", "1", "2147483647", "2147483648", "-2147483648", "-2147483649", "9007199254740993",
        "10000000000000000", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "-9223372036854775809", "99999999999999999999999999", "0.5", "1.0", "1e3", "1e308", "1e400",
    ]

    /// The ends of the calendar, long ago, far away, impossible, in other words.
    static let dates = [
        #""0000-01-01T00:00:00Z""#, #""9999-12-31T23:59:59.999Z""#, #""9999-12-31T23:59:59-23:59""#,
        #""0000-01-01T00:00:00+23:59""#, #""1970-01-01T00:00:00Z""#, #""2038-01-19T03:14:08Z""#,
        #""2026-02-30T00:00:00Z""#, #""2026-13-01T00:00:00Z""#, #""10000-01-01T00:00:00Z""#, #""never""#,
        #""1767225600""#,
    ]

    /// Other types, other words, other sizes, no JSON any more.
    static let others = [
        "null", "true", "[]", "{}", "[{}]", #""""#, #""Unheard""#, #""accepted""#, #""\u0000""#,
        "\"\(String(repeating: "e\u{301}", count: 1000))\"", #""\ud800""#, "NaN", "", "{\"a\":1,\"a\":1}",
        String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
    ]

    /// All variants of `value`; of a list, those of its first element.
    static func of(_ value: JSONValue) -> [HostileVariant] { of(value, at: "") }

    private static func of(_ value: JSONValue, at path: String) -> [HostileVariant] {
        var found = replacements(for: value).map { HostileVariant(what: "\(path): \($0.prefix(40))", text: $0) }
        switch value {
        case .object(let object):
            for (index, member) in object.members.enumerated() {
                var others = object.members.map(text)
                others.remove(at: index)
                let place = path.isEmpty ? member.key : "\(path).\(member.key)"
                found.append(HostileVariant(what: "\(place) missing", text: braced(others)))
                found.append(
                    HostileVariant(what: "\(place) twice", text: braced(others + [text(member), text(member)]))
                )
                for variant in of(member.value, at: place) {
                    let changed = "\(JSONValue.string(member.key)):\(variant.text)"
                    found.append(HostileVariant(what: variant.what, text: braced(others + [changed])))
                }
            }
        case .array(let elements):
            guard let first = elements.first else { break }
            let others = elements.dropFirst().map(\.description)
            for variant in of(first, at: "\(path)[0]") {
                let all = [variant.text] + others
                found.append(HostileVariant(what: variant.what, text: "[\(all.joined(separator: ","))]"))
            }
        case .null, .bool, .number, .string:
            break
        }
        return found
    }

    private static func replacements(for value: JSONValue) -> [String] {
        switch value {
        case .number: numbers + others
        case .string(let text) where text.contains("T"): dates + numbers.suffix(4) + others
        case .string, .null, .bool, .array, .object: numbers.suffix(4) + others
        }
    }

    private static func braced(_ members: [String]) -> String { "{\(members.joined(separator: ","))}" }

    private static func text(_ member: JSONObject.Member) -> String {
        "\(JSONValue.string(member.key)):\(member.value)"
    }
}
