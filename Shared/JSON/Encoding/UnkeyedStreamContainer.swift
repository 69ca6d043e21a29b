/// A list being written.
struct UnkeyedStreamContainer: UnkeyedEncodingContainer {
    let place: StreamContainer

    var codingPath: [any CodingKey] { place.writer.codingPath(depth: place.level) }
    var count: Int { place.writer.count(of: place) }

    func encodeNil() { begin().encodeNil() }
    func encode(_ value: Bool) { begin().encode(value) }
    func encode(_ value: String) { begin().encode(value) }
    func encode(_ value: Double) throws { try begin().encode(value) }
    func encode(_ value: Float) throws { try begin().encode(value) }
    func encode(_ value: Int) { begin().encode(value) }
    func encode(_ value: Int8) { begin().encode(value) }
    func encode(_ value: Int16) { begin().encode(value) }
    func encode(_ value: Int32) { begin().encode(value) }
    func encode(_ value: Int64) { begin().encode(value) }
    func encode(_ value: UInt) { begin().encode(value) }
    func encode(_ value: UInt8) { begin().encode(value) }
    func encode(_ value: UInt16) { begin().encode(value) }
    func encode(_ value: UInt32) { begin().encode(value) }
    func encode(_ value: UInt64) { begin().encode(value) }
    func encode(_ value: some Encodable) throws { try begin().encode(value) }

    func nestedContainer<NestedKey: CodingKey>(keyedBy keyType: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        begin().container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { begin().unkeyedContainer() }

    func superEncoder() -> any Encoder { begin() }

    private func begin() -> StreamEncoder {
        place.writer.beginItem(in: place)
        return StreamEncoder(writer: place.writer, depth: place.level + 1)
    }
}
