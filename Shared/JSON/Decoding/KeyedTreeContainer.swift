/// An object being read.
struct KeyedTreeContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: TreeDecoder
    let object: JSONObject

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.key) } }

    func contains(_ key: Key) -> Bool { find(key) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try require(key) == .null }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder.bool(require(key), at: step(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder.text(require(key), at: step(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try decoder.number(require(key), at: step(key))
    }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try decoder.number(require(key), at: step(key)) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder.integer(require(key), at: step(key)) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder.integer(require(key), at: step(key)) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
        try decoder.integer(require(key), at: step(key))
    }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
        try decoder.integer(require(key), at: step(key))
    }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
        try decoder.integer(require(key), at: step(key))
    }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder.integer(require(key), at: step(key)) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
        try decoder.integer(require(key), at: step(key))
    }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
        try decoder.integer(require(key), at: step(key))
    }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
        try decoder.integer(require(key), at: step(key))
    }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
        try decoder.integer(require(key), at: step(key))
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try decoder.decode(type, of: require(key), at: step(key))
    }

    // One search instead of the default's three, for the types that messages are made of.

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try present(key).map { try decoder.bool($0, at: step(key)) }
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try present(key).map { try decoder.text($0, at: step(key)) }
    }

    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try present(key).map { try decoder.number($0, at: step(key)) }
    }

    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try present(key).map { try decoder.integer($0, at: step(key)) }
    }

    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
        try present(key).map { try decoder.integer($0, at: step(key)) }
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try present(key).map { try decoder.decode(type, of: $0, at: step(key)) }
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try child(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try child(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        decoder.child(decoder.find("super", in: object) ?? .null, at: .name("super"))
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }

    private func step(_ key: Key) -> PathStep { .name(key.stringValue) }

    private func find(_ key: Key) -> JSONValue? { decoder.find(key.stringValue, in: object) }

    private func child(_ key: Key) throws -> TreeDecoder { try decoder.child(require(key), at: step(key)) }

    private func present(_ key: Key) -> JSONValue? {
        guard let value = find(key) else { return nil }
        if case .null = value { return nil }
        return value
    }

    private func require(_ key: Key) throws -> JSONValue {
        if let value = find(key) { return value }
        throw DecodingError.keyNotFound(
            key,
            .init(codingPath: decoder.codingPath, debugDescription: "required, but missing")
        )
    }
}
