/// A value does not fit the declaration of its key.
public struct Misfit: Error, Equatable, Sendable, CustomStringConvertible {
    public var key: String
    /// What was expected and what was found, to be read after the key's name. Says nothing of the value of a secret.
    public var reason: String

    public init(key: String, reason: String) {
        self.key = key
        self.reason = reason
    }

    public var description: String { "\(key): \(reason)" }
}

/// The one rule for values. The owner of a key and the config store both check by it, so that what one accepts the other does, too.
extension KeyDeclaration {
    /// Bytes of one value; declarations may set less.
    public static let longestValueBytes = 4096

    /// The one spelling of `text` that is stored and reported: lower-case booleans, integers without leading zeros, lists without spaces
    /// around their items, choices as declared (OCPP 1.6 §9).
    ///
    /// A list that names an item twice is refused. OCPP leaves that open; folding it would report another value than the one that was
    /// accepted (OCPP 1.6 §5.3).
    ///
    /// - Throws: `Misfit` when the text does not fit.
    public func canonical(_ text: String) throws(Misfit) -> String {
        let limit = min(maximumLength ?? Self.longestValueBytes, Self.longestValueBytes)
        guard text.utf8.count <= Self.longestValueBytes, text.unicodeScalars.count <= limit else {
            throw misfit("at most \(limit) characters", "\(text.unicodeScalars.count)")
        }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw misfit("printable text", "control characters")
        }
        switch type {
        case .boolean: return try boolean(text)
        case .integer: return try integer(text)
        case .string: return try choice(text, spellings())
        case .list: return try list(text)
        case .hexadecimal: return try hexadecimal(text)
        default: throw misfit("a type that this version knows", "the type \(type)")
        }
    }

    private func boolean(_ text: String) throws(Misfit) -> String {
        let lower = text.lowercased()
        guard lower == "true" || lower == "false" else { throw misfit("true or false", quoted(text)) }
        return lower
    }

    private func integer(_ text: String) throws(Misfit) -> String {
        let lowest = minimum ?? 0
        let highest = maximum ?? .max
        let digits = text.hasPrefix("-") && lowest < 0 ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int64(text), value >= lowest, value <= highest
        else { throw misfit(integerRange, quoted(text)) }
        return String(value)
    }

    private var integerRange: String {
        let unit = unit.map { " " + $0 } ?? ""
        guard let maximum else { return "an integer of at least \(minimum ?? 0)\(unit)" }
        return "an integer \(minimum ?? 0)…\(maximum)\(unit)"
    }

    /// The choices by their lower-case spelling; nil when anything may be chosen.
    private func spellings() -> [String: String]? {
        choices.map { Dictionary($0.map { ($0.lowercased(), $0) }) { first, _ in first } }
    }

    /// For people; a complaint is no place for thousands of choices.
    private var shownChoices: String {
        let choices = choices ?? []
        return choices.prefix(50).joined(separator: ", ") + (choices.count > 50 ? " …" : "")
    }

    /// OCPP's enumerations are case-sensitive. Being lenient costs nothing, because our spelling is stored and reported.
    private func choice(_ text: String, _ spellings: [String: String]?) throws(Misfit) -> String {
        guard let spellings else { return text }
        guard let choice = spellings[text.lowercased()] else {
            throw misfit("one of \(shownChoices)", quoted(text))
        }
        return choice
    }

    /// An empty list is the empty text: it switches the matter off (OCPP 1.6 §9.1.23 ff.).
    private func list(_ text: String) throws(Misfit) -> String {
        let blank: (Character) -> Bool = { $0 == " " }
        if text.allSatisfy(blank) { return "" }
        let items = text.split(separator: ",", omittingEmptySubsequences: false)
        if let maximumItems, items.count > maximumItems {
            throw misfit("at most \(maximumItems) items", "\(items.count)")
        }
        let spellings = spellings()
        var canonical: [String] = []
        var named: Set<String> = []
        for item in items {
            let start = item.drop(while: blank)
            guard let last = start.lastIndex(where: { !blank($0) }) else {
                throw misfit("items separated by single commas", quoted(text))
            }
            let known = try choice(String(start[...last]), spellings)
            guard named.insert(known).inserted else { throw misfit("each item once", "\(quoted(known)) twice") }
            canonical.append(known)
        }
        return canonical.joined(separator: ",")
    }

    private func hexadecimal(_ text: String) throws(Misfit) -> String {
        let lowest = minimum ?? 0
        let highest = maximum ?? Int64(Self.longestValueBytes / 2)
        let bytes = Int64(text.utf8.count / 2)
        guard text.utf8.allSatisfy(Self.isHexDigit), text.utf8.count.isMultiple(of: 2), bytes >= lowest,
            bytes <= highest
        else { throw misfit("\(lowest)…\(highest) bytes as two hex digits each", quoted(text)) }
        return text
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }

    private func misfit(_ expected: String, _ found: String) -> Misfit {
        Misfit(key: key, reason: "expected \(expected), found \(secret ? "something else" : found)")
    }

    private func quoted(_ text: String) -> String {
        text.count <= 60 ? "\"\(text)\"" : "\"\(text.prefix(59))…\""
    }
}
