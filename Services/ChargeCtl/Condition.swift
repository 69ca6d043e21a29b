import JSON

/// One condition on a field of a state: `status=Charging`, `energyWh>=1500`. Fields inside fields are joined by points.
struct Condition: Equatable {
    enum Comparison: String, CaseIterable {
        case atLeast = ">="
        case atMost = "<="
        case differs = "!="
        case equals = "="

        var isNumeric: Bool { self == .atLeast || self == .atMost }
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
            guard !comparison.isNumeric || Double(value) != nil else {
                throw UsageError("\(comparison.rawValue) expects a number, found \"\(value)\"", usage: Usage.wait)
            }
            return
        }
        throw UsageError("a condition is FIELD=VALUE (or !=, >=, <=), found \"\(text)\"", usage: Usage.wait)
    }

    /// Whether `payload` fits. A field that is absent reads as empty text.
    func holds(for payload: JSONValue) -> Bool {
        let found = Self.found(field, in: payload).map(Self.text) ?? ""
        switch comparison {
        case .equals: return found == value
        case .differs: return found != value
        case .atLeast, .atMost:
            guard let left = Double(found), let right = Double(value) else { return false }
            return comparison == .atLeast ? left >= right : left <= right
        }
    }

    /// What to say at once where the field is absent, which may be a typing error; nil where it is there.
    func remark(on payload: JSONValue, topic: String) -> String? {
        guard Self.found(field, in: payload) == nil, !holds(for: payload) else { return nil }
        let path = field.split(separator: ".").map(String.init)
        // The innermost object that is there names the rest.
        var place = payload
        var depth = 0
        while depth < path.count - 1, let next = place[path[depth]], next.asObject != nil {
            (place, depth) = (next, depth + 1)
        }
        let names = place.asObject?.members.map(\.key).sorted() ?? []
        let whose = ([topic] + path.prefix(depth)).joined(separator: ".")
        return
            "\(whose) has no \"\(path.dropFirst(depth).joined(separator: "."))\" now, but: \(names.joined(separator: " "))"
    }

    /// The field, if it is there.
    static func found(_ field: String, in payload: JSONValue) -> JSONValue? {
        var value: JSONValue? = payload
        for name in field.split(separator: ".") { value = value?[String(name)] }
        guard let value, !value.isNull else { return nil }
        return value
    }

    /// A field as text without quotes.
    static func text(_ value: JSONValue) -> String { value.asString ?? value.description }
}
