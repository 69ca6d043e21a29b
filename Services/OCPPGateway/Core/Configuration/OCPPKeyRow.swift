internal import BusSchema

/// One key: all there is to say about it, and where its value goes once it is parsed.
struct OCPPKeyRow: Sendable {
    typealias Access = KeyDeclaration.Access
    typealias Property<Value> = WritableKeyPath<OCPPKeys, Value> & Sendable

    /// Whether the charger has the key at all (OCPP 1.6 §9: presence means support).
    enum Presence: Sendable {
        case always
        /// The certificate has it absent; a site that names a default for it brings it.
        case whereTheSiteNamesADefault
    }

    let name: OCPPKeyName
    private(set) var declaration: KeyDeclaration
    let presence: Presence
    /// Parses a canonical text into the key's property; nil where the key is unset.
    let store: @Sendable (String?, inout OCPPKeys) -> Void
    private let complaint: @Sendable (String) -> String?

    /// A key that the code reads as `property`, which stays as it is while the key is absent.
    init<Value>(
        _ name: OCPPKeyName,
        _ property: any Property<Value>,
        _ kind: OCPPKeyKind<Value>,
        default text: String? = nil,
        access: Access = .readWrite,
        presence: Presence = .always
    ) {
        self.init(name, kind, text, access, presence) { text, keys in
            // What is canonical for the kind can be parsed.
            if let value = text.flatMap(kind.parse) { keys[keyPath: property] = value }
        }
    }

    /// A key that exists only where the site names a default. The code reads it as `property`, which is nil while the key is absent.
    init<Value>(_ name: OCPPKeyName, optional property: any Property<Value?>, _ kind: OCPPKeyKind<Value>) {
        self.init(name, kind, nil, .readWrite, .whereTheSiteNamesADefault) { text, keys in
            keys[keyPath: property] = text.flatMap(kind.parse)
        }
    }

    /// A key of the central system's that no code here reads.
    init<Value>(
        _ name: OCPPKeyName,
        _ kind: OCPPKeyKind<Value>,
        default text: String? = nil,
        access: Access = .readWrite,
        presence: Presence = .always
    ) {
        self.init(name, kind, text, access, presence) { _, _ in }
    }

    private init<Value>(
        _ name: OCPPKeyName,
        _ kind: OCPPKeyKind<Value>,
        _ text: String?,
        _ access: Access,
        _ presence: Presence,
        store: @escaping @Sendable (String?, inout OCPPKeys) -> Void
    ) {
        self.name = name
        self.presence = presence
        self.store = store
        complaint = kind.complaint
        declaration = KeyDeclaration(
            key: name.rawValue,
            type: kind.type,
            defaultValue: text,
            access: access,
            description: ""
        )
        kind.limit(&declaration)
    }

    /// The one spelling of a value (`KeyDeclaration.canonical`).
    /// - Throws: `Misfit` when the text does not fit.
    func canonical(_ text: String) throws(Misfit) -> String {
        let canonical = try declaration.canonical(text)
        if let reason = complaint(canonical) { throw Misfit(key: name.rawValue, reason: reason) }
        return canonical
    }

    /// The row with one sentence about the key, for people.
    func described(_ sentence: String) -> OCPPKeyRow {
        var row = self
        row.declaration.description = sentence
        return row
    }

    /// The row with another default, in canonical spelling.
    func withDefault(_ text: String) -> OCPPKeyRow {
        var row = self
        row.declaration.defaultValue = text
        return row
    }
}
