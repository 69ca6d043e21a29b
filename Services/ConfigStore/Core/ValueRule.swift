public import BusSchema

/// A value does not fit its declaration. The text names the key, what was expected and what was found.
public struct Misfit: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
}

extension KeyDeclaration {
    /// The one spelling of `text` that is stored: lower-case booleans, integers without leading zeros, trimmed lists, choices as declared.
    ///
    /// - Throws: `Misfit` when the text does not fit. For a secret its text says nothing of the value.
    public func canonical(_ text: String) throws(Misfit) -> String {
        let limit = min(maximumLength ?? ConfigLimits.valueBytes, ConfigLimits.valueBytes)
        guard text.unicodeScalars.count <= limit, text.utf8.count <= ConfigLimits.valueBytes else {
            throw misfit("at most \(limit) characters", "\(text.unicodeScalars.count)")
        }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw misfit("printable text", "control characters")
        }
        switch type {
        case .boolean: return try boolean(text)
        case .integer: return try integer(text)
        case .string: return try choice(text)
        case .list: return try list(text)
        case .hexadecimal: return try hexadecimal(text)
        // Refused at the declaration already.
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
            let value = Int64(text), (lowest...highest).contains(value)
        else { throw misfit(integerRange, quoted(text)) }
        return String(value)
    }

    private var integerRange: String {
        let unit = unit.map { " " + $0 } ?? ""
        guard let maximum else { return "an integer of at least \(minimum ?? 0)\(unit)" }
        return "an integer \(minimum ?? 0)…\(maximum)\(unit)"
    }

    private func choice(_ text: String) throws(Misfit) -> String {
        guard let choices else { return text }
        let lower = text.lowercased()
        guard let choice = choices.first(where: { $0.lowercased() == lower }) else {
            throw misfit("one of \(choices.joined(separator: ", "))", quoted(text))
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
        var canonical: [String] = []
        for item in items {
            let start = item.drop(while: blank)
            guard let last = start.lastIndex(where: { !blank($0) }) else {
                throw misfit("items separated by single commas", quoted(text))
            }
            canonical.append(try choice(String(start[...last])))
        }
        return canonical.joined(separator: ",")
    }

    private func hexadecimal(_ text: String) throws(Misfit) -> String {
        let lowest = minimum ?? 0
        let highest = maximum ?? Int64(ConfigLimits.valueBytes / 2)
        let digits = text.utf8.count
        guard text.utf8.allSatisfy(Self.isHexDigit), digits.isMultiple(of: 2),
            (lowest...highest).contains(Int64(digits / 2))
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
        Misfit(description: "\(key): expected \(expected), found \(secret ? "something else" : found)")
    }

    private func quoted(_ text: String) -> String {
        text.count <= 60 ? "\"\(text)\"" : "\"\(text.prefix(59))…\""
    }
}
