internal import BusSchema

/// The values of the OCPP keys in force, typed. A value: whoever needs it keeps a copy and gets a new one on change.
///
/// Each feature profile has a property here. Those of Core are read without naming it: `keys.heartbeatInterval`.
@dynamicMemberLookup
public struct OCPPKeys: Equatable, Sendable {
    public internal(set) var core = CoreKeys()

    /// Canonical texts of the keys that are present and set.
    private var texts: [OCPPKeyName: String] = [:]

    /// Every key of `table` at its default.
    public init(table: OCPPKeyTable) {
        for row in table.rows { set(row.name, canonical: row.declaration.defaultValue, in: table) }
    }

    public subscript<Value>(dynamicMember property: KeyPath<CoreKeys, Value>) -> Value { core[keyPath: property] }

    /// The value as GetConfiguration gives it; nil when the key is absent or unset.
    public func text(_ name: OCPPKeyName) -> String? { texts[name] }

    /// Sets a value that is canonical for `table`; nil where the key is unset. A key that the table does not have stays absent.
    public mutating func set(_ name: OCPPKeyName, canonical text: String?, in table: OCPPKeyTable) {
        guard let row = table.row(name) else { return }
        texts[name] = text
        row.store(text, &self)
    }
}
