/// Reads the members of one object with their ranges and defaults; what does not fit is an error that names the range.
struct Fields<Key: CodingKey> {
    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder, keyedBy: Key.Type) throws { container = try decoder.container(keyedBy: Key.self) }

    /// Required when there is no default.
    func integer(_ key: Key, _ range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
        if let fallback, !container.contains(key) { return fallback }
        let value = try container.decode(Int.self, forKey: key)
        guard range.contains(value) else {
            throw failure(key, "expected \(range.lowerBound)…\(range.upperBound), found \(value)")
        }
        return value
    }

    func bool(_ key: Key, default fallback: Bool) throws -> Bool {
        try container.contains(key) ? container.decode(Bool.self, forKey: key) : fallback
    }

    /// Required. Lengths are in characters; control characters are refused.
    func text(_ key: Key, _ length: ClosedRange<Int>) throws -> String {
        try checked(container.decode(String.self, forKey: key), key, length)
    }

    func optionalText(_ key: Key, _ length: ClosedRange<Int>) throws -> String? {
        try container.contains(key) ? text(key, length) : nil
    }

    /// One of the cases of an enum. Required when there is no default.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: Key,
        default fallback: Choice? = nil
    ) throws -> Choice where Choice.RawValue == String {
        if let fallback, !container.contains(key) { return fallback }
        let text = try container.decode(String.self, forKey: key)
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            throw failure(key, "expected \(words), found \"\(text)\"")
        }
        return choice
    }

    /// Required.
    func value<T: Decodable>(_ key: Key, as type: T.Type) throws -> T { try container.decode(type, forKey: key) }

    func optionalValue<T: Decodable>(_ key: Key, as type: T.Type) throws -> T? {
        try container.contains(key) ? container.decode(type, forKey: key) : nil
    }

    func failure(_ key: Key, _ problem: String) -> DecodingError {
        .dataCorruptedError(forKey: key, in: container, debugDescription: problem)
    }

    private func checked(_ text: String, _ key: Key, _ length: ClosedRange<Int>) throws -> String {
        guard length.contains(text.count) else {
            let limits = "expected \(length.lowerBound)…\(length.upperBound) characters"
            throw failure(key, "\(limits), found \(text.count)")
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw failure(key, "expected a text without control characters")
        }
        return text
    }
}
