/// An object being written.
struct KeyedStreamContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: StreamContainer

    var codingPath: [any CodingKey] { place.writer.codingPath(depth: place.level) }

    func encodeNil(forKey key: Key) { begin(key).encodeNil() }
    func encode(_ value: Bool, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: String, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: Double, forKey key: Key) throws { try begin(key).encode(value) }
    func encode(_ value: Float, forKey key: Key) throws { try begin(key).encode(value) }
    func encode(_ value: Int, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: Int8, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: Int16, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: Int32, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: Int64, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: UInt, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: UInt8, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: UInt16, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: UInt32, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: UInt64, forKey key: Key) { begin(key).encode(value) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try begin(key).encode(value) }

    // Without the default's way through the general `encode`, for the types that messages are made of.

    func encodeIfPresent(_ value: Bool?, forKey key: Key) { if let value { encode(value, forKey: key) } }
    func encodeIfPresent(_ value: String?, forKey key: Key) { if let value { encode(value, forKey: key) } }
    func encodeIfPresent(_ value: Int?, forKey key: Key) { if let value { encode(value, forKey: key) } }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) { if let value { encode(value, forKey: key) } }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        begin(key).container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { begin(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { begin(name: "super") }

    func superEncoder(forKey key: Key) -> any Encoder { begin(key) }

    private func begin(_ key: Key) -> StreamEncoder { begin(name: key.stringValue) }

    private func begin(name: String) -> StreamEncoder {
        place.writer.beginMember(name, in: place)
        return StreamEncoder(writer: place.writer, depth: place.level + 1)
    }
}
