public import BusSchema

extension KeyDeclaration {
    /// The one spelling of a value that the key accepts: booleans in lower case, integers without leading zeros, lists without
    /// spaces around their items and with their items spelled as the declaration spells them (OCPP 1.6 §9).
    /// - Throws: `KeyProblem` when the text does not fit.
    public func canonical(_ text: String) throws(KeyProblem) -> String {
        switch type {
        case .boolean: try canonicalBoolean(text)
        case .integer: try canonicalInteger(text)
        case .list: try canonicalList(text)
        case .string: try canonicalString(text)
        case .hexadecimal: try canonicalHexadecimal(text)
        default: throw problem("has a type that this program does not know")
        }
    }

    private func problem(_ reason: String) -> KeyProblem { KeyProblem(key: key, reason: reason) }

    private func canonicalBoolean(_ text: String) throws(KeyProblem) -> String {
        let lower = text.lowercased()
        guard lower == "true" || lower == "false" else { throw problem("must be true or false") }
        return lower
    }

    private func canonicalInteger(_ text: String) throws(KeyProblem) -> String {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(text) else {
            throw problem("must be a whole number")
        }
        let low = minimum ?? .min
        let high = maximum ?? .max
        guard value >= low, value <= high else { throw problem("must be from \(low) to \(high)") }
        return String(value)
    }

    private func canonicalList(_ text: String) throws(KeyProblem) -> String {
        guard text.utf8.count <= 4096 else { throw problem("is too long") }
        let trimmed = text.trimmingSpaces
        guard !trimmed.isEmpty else { return "" }
        var items: [String] = []
        for item in trimmed.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmingSpaces) {
            guard let known = spelling(of: item) else { throw problem("does not support \(item.prefix(50))") }
            guard !items.contains(known) else { throw problem("names \(known) twice") }
            items.append(known)
        }
        if let maximumItems, items.count > maximumItems { throw problem("takes at most \(maximumItems) items") }
        let canonical = items.joined(separator: ",")
        if let maximumLength, canonical.utf8.count > maximumLength {
            throw problem("takes at most \(maximumLength) characters")
        }
        return canonical
    }

    /// Enumeration values are case-sensitive by the specification; being lenient here costs nothing, as what is stored and
    /// reported is our spelling.
    private func spelling(of item: String) -> String? {
        guard let choices else { return item.isEmpty ? nil : item }
        return choices.first { $0.lowercased() == item.lowercased() }
    }

    private func canonicalHexadecimal(_ text: String) throws(KeyProblem) -> String {
        let digits = text.utf8.count
        let low = minimum ?? 0
        let high = maximum ?? 250
        guard digits.isMultiple(of: 2), low <= digits / 2, digits / 2 <= high, text.utf8.allSatisfy(Self.isHexDigit)
        else { throw problem("must be \(low) to \(high) bytes as two hex digits each") }
        return text
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }

    private func canonicalString(_ text: String) throws(KeyProblem) -> String {
        guard text.utf8.count <= maximumLength ?? 500 else {
            throw problem("takes at most \(maximumLength ?? 500) characters")
        }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw problem("takes printable ASCII characters only")
        }
        guard choices != nil else { return text }
        guard let known = spelling(of: text) else { throw problem("does not support \(text.prefix(50))") }
        return known
    }
}

extension StringProtocol {
    /// Without spaces and tabs at either end.
    fileprivate var trimmingSpaces: String {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return String(rest)
    }
}
