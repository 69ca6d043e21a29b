internal import JSON

/// What a description of a meter has that no other file has.
extension Fields {
    /// The address of a register, as makers print them: `"0x0048"` or `"418"`. Required.
    func address(_ name: String, _ about: String) -> UInt16 {
        Self.address(text(name, 1...12, form: .registerAddress, about))
    }

    /// The same; nil when it is absent.
    func optionalAddress(_ name: String, _ about: String) -> UInt16? {
        optionalText(name, 1...12, form: .registerAddress, about).map(Self.address)
    }

    private static func address(_ text: String) -> UInt16 {
        (text.hasPrefix("0x") ? UInt16(text.dropFirst(2), radix: 16) : UInt16(text)) ?? 0
    }

    /// One of these words; nil when it is absent.
    func optionalWord(_ name: String, of words: [SiteWord], _ about: String) -> String? {
        guard let value = optionalMember(name, .word(words), about) else { return nil }
        if let word = value.asString, words.contains(where: { $0.word == word }) { return word }
        note(name, Self.problem(value, words.map(\.word)))
        return nil
    }

    /// Texts of one form; none when it is absent.
    func list(_ name: String, most: Int, _ form: TextForm, _ about: String) -> [String] {
        let shape = SiteShape.list(of: .text(1...10, pattern: form.pattern), count: 0...most)
        guard let value = optionalMember(name, shape, about) else { return [] }
        guard let elements = value.asArray, elements.count <= most else {
            note(name, "expected a list of at most \(most), found \(value.excerpt)")
            return []
        }
        return elements.enumerated().compactMap { index, element in
            guard let text = element.asString, let problem = form.problem(text) else { return element.asString }
            note("\(name)[\(index)]", "\(problem), found \(element.excerpt)")
            return nil
        }
    }
}

extension TextForm {
    /// Of a register, 0…65535.
    static let registerAddress = TextForm(pattern: "^(0x[0-9A-Fa-f]{1,4}|[0-9]{1,5})$") { text in
        let isRight =
            text.hasPrefix("0x") ? Self.isHexadecimal(text, digits: 4) : text.utf8.count <= 5 && UInt16(text) != nil
        return isRight ? nil : "expected the address of a register like \"0x0048\" or \"72\", at most 0xFFFF"
    }

    /// `0x` and so many digits at most.
    static func hexadecimal(digits: Int) -> TextForm {
        TextForm(pattern: "^0x[0-9A-Fa-f]{1,\(digits)}$") { text in
            isHexadecimal(text, digits: digits) ? nil : "expected a code like \"0x7FFF\", at most \(digits) digits"
        }
    }

    private static func isHexadecimal(_ text: String, digits: Int) -> Bool {
        text.hasPrefix("0x") && (3...digits + 2).contains(text.utf8.count)
            && text.utf8.dropFirst(2).allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
    }
}
