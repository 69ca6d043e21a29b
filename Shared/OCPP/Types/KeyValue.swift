/// A configuration key as GetConfiguration answers it. OCPP 1.6 §7.29.
public struct KeyValue: Codable, Equatable, Sendable {
    /// Name of the key.
    public var key: CiString50
    /// Whether ChangeConfiguration cannot set it.
    public var readonly: Bool
    /// The value as text; absent when the key has none.
    public var value: CiString500?

    /// Takes the fields as they are; optional ones default to absent.
    public init(key: CiString50, readonly: Bool, value: CiString500? = nil) {
        self.key = key
        self.readonly = readonly
        self.value = value
    }
}
