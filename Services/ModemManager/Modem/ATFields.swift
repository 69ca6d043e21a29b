/// The parameters of an answer, `2,1,"00C3","0000A7B2",7`, taken apart at the commas outside of quotation marks.
struct ATFields: Equatable, Sendable {
    struct Field: Equatable, Sendable {
        let text: String
        let isQuoted: Bool
    }

    /// More than any answer of interest has; the rest is left out.
    static let limit = 24

    private let fields: [Field]

    init(_ text: String) {
        fields = text.split(at: ",", outsideOf: "\"", limit: Self.limit).map {
            let trimmed = $0.trimmingBlanks()
            guard trimmed.first == "\"" else { return Field(text: String(trimmed), isQuoted: false) }
            let inside = trimmed.dropFirst()
            return Field(text: String(inside.last == "\"" ? inside.dropLast() : inside), isQuoted: true)
        }
    }

    var count: Int { fields.count }

    subscript(index: Int) -> Field? { fields.indices.contains(index) ? fields[index] : nil }

    /// Nil where there is none, where it is empty, or longer than anybody wants to read.
    func text(_ index: Int) -> String? {
        guard let text = self[index]?.text, !text.isEmpty, text.utf8.count <= 64 else { return nil }
        return text
    }

    /// A small number, unquoted; nil where there is something else.
    func number(_ index: Int) -> Int? {
        guard let field = self[index], !field.isQuoted, field.text.utf8.count <= 9 else { return nil }
        return Int(field.text)
    }
}

extension Substring {
    func trimmingBlanks() -> Substring {
        var trimmed = drop { $0 == " " }
        while trimmed.last == " " { trimmed.removeLast() }
        return trimmed
    }
}

extension String {
    fileprivate func split(at separator: Character, outsideOf quote: Character, limit: Int) -> [Substring] {
        var parts: [Substring] = []
        var isQuoted = false
        var start = startIndex
        for index in indices where parts.count < limit {
            if self[index] == quote { isQuoted.toggle() }
            guard self[index] == separator, !isQuoted else { continue }
            parts.append(self[start..<index])
            start = self.index(after: index)
        }
        if parts.count < limit { parts.append(self[start...]) }
        return parts
    }
}
