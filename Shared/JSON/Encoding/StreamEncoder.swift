/// What a value sees while it is written. Small enough to travel in an existential without allocation.
struct StreamEncoder: Encoder, SingleValueEncodingContainer {
    let writer: StreamWriter
    /// Containers around the value.
    let depth: Int

    var codingPath: [any CodingKey] { writer.codingPath(depth: depth) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(KeyedStreamContainer(place: writer.container(isObject: true, depth: depth)))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        UnkeyedStreamContainer(place: writer.container(isObject: false, depth: depth))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func write(_ tree: JSONValue) { writer.write(tree: tree) }

    func encodeNil() { writer.write(verbatim: "null") }
    func encode(_ value: Bool) { writer.write(verbatim: value ? "true" : "false") }
    func encode(_ value: String) { writer.write(text: value) }
    func encode(_ value: Double) throws { try writer.write(number: value, as: value.description) }
    func encode(_ value: Float) throws { try writer.write(number: Double(value), as: value.description) }
    func encode(_ value: Int) { writer.write(verbatim: value.description) }
    func encode(_ value: Int8) { writer.write(verbatim: value.description) }
    func encode(_ value: Int16) { writer.write(verbatim: value.description) }
    func encode(_ value: Int32) { writer.write(verbatim: value.description) }
    func encode(_ value: Int64) { writer.write(verbatim: value.description) }
    func encode(_ value: UInt) { writer.write(verbatim: value.description) }
    func encode(_ value: UInt8) { writer.write(verbatim: value.description) }
    func encode(_ value: UInt16) { writer.write(verbatim: value.description) }
    func encode(_ value: UInt32) { writer.write(verbatim: value.description) }
    func encode(_ value: UInt64) { writer.write(verbatim: value.description) }
    func encode(_ value: some Encodable) throws { try writer.write(value) }
}
