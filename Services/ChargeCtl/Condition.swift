import JSON

/// One condition on a field of a state: `status=Charging`, `energyWh>=1500`. Fields inside fields are joined by points.
struct Condition: Equatable {
    enum Comparison: String, CaseIterable {
        case atLeast = ">="
        case atMost = "<="
        case differs = "!="
        case equals = "="
    }

    let field: String
    let comparison: Comparison
    let value: String

    init(_ text: String) throws(UsageError) {
        for comparison in Comparison.allCases {
            guard let position = text.indices.first(where: { text[$0...].hasPrefix(comparison.rawValue) })
            else { continue }
            field = String(text[..<position])
            self.comparison = comparison
            value = String(text[position...].dropFirst(comparison.rawValue.count))
            return
        }
        throw UsageError("a condition is FIELD=VALUE (or !=, >=, <=), found \"\(text)\"", usage: Usage.wait)
    }

    /// Whether `payload` fits. A field that is absent reads as empty text.
    func holds(for payload: JSONValue) -> Bool {
        let found = Self.value(of: field, in: payload)
        switch comparison {
        case .equals: return found == value
        case .differs: return found != value
        case .atLeast, .atMost:
            guard let left = Double(found), let right = Double(value) else { return false }
            return comparison == .atLeast ? left >= right : left <= right
        }
    }

    /// The field as text without quotes.
    static func value(of field: String, in payload: JSONValue) -> String {
        var value: JSONValue? = payload
        for name in field.split(separator: ".") { value = value?[String(name)] }
        guard let value, !value.isNull else { return "" }
        return value.asString ?? value.description
    }
}
