public import BusSchema

/// The one table of OCPP keys: source of the code's values, GetConfiguration, the declaration to the config store and
/// `chargectl config explain`. Defaults are those of the product's certificate.
///
/// A key is in the table only when its function exists (OCPP 1.6 §9: presence means support).
public struct OCPPKeyTable: Sendable {
    /// A feature profile of OCPP 1.6 and the keys that it brings.
    struct Profile: Sendable {
        /// As in `SupportedFeatureProfiles`.
        let name: String
        /// In the order of the full listing.
        let rows: @Sendable (KeySite) -> [OCPPKeyRow]
    }

    /// The profiles that this charger implements.
    static let profiles = FeatureProfiles.all.compactMap { $0.keys }

    /// The order of the full listing.
    let rows: [OCPPKeyRow]
    public let declarations: [KeyDeclaration]
    /// By name in lower case.
    private let positions: [String: Int]

    /// - Throws: `Misfit` when a site default names no key, does not fit it, or must not be given there.
    public init(site: KeySite) throws(Misfit) {
        var defaults = site.defaults
        var rows: [OCPPKeyRow] = []
        var positions: [String: Int] = [:]
        for row in Self.profiles.flatMap({ $0.rows(site) }) {
            let text = defaults.removeValue(forKey: row.name.rawValue)
            guard text != nil || row.presence == .always else { continue }
            positions[row.name.rawValue.lowercased()] = rows.count
            rows.append(try text.map { text throws(Misfit) in try Self.overridden(row, by: text) } ?? row)
        }
        if let unknown = defaults.keys.min() { throw Misfit(key: unknown, reason: "is no key of this charger") }
        self.rows = rows
        self.positions = positions
        declarations = rows.map(\.declaration)
    }

    private static func overridden(_ row: OCPPKeyRow, by text: String) throws(Misfit) -> OCPPKeyRow {
        let key = row.name.rawValue
        guard !row.declaration.secret else {
            throw Misfit(key: key, reason: "is a secret, and what stands here is shown to everybody on the bus")
        }
        guard row.declaration.access != .readOnly else {
            throw Misfit(key: key, reason: "is read-only: the charger sets it by itself")
        }
        return row.withDefault(try row.canonical(text))
    }

    /// The declaration of a key; nil when this charger does not have it.
    public subscript(name: OCPPKeyName) -> KeyDeclaration? { row(name)?.declaration }

    /// The spelling of the key that `text` names in any case (OCPP 1.6 §7.29); nil when this charger does not have it.
    public func name(of text: String) -> OCPPKeyName? { positions[text.lowercased()].map { rows[$0].name } }

    func row(_ name: OCPPKeyName) -> OCPPKeyRow? {
        guard let position = positions[name.rawValue.lowercased()] else { return nil }
        return rows[position].name == name ? rows[position] : nil
    }

    /// Every value at its default.
    public var defaults: OCPPKeys { OCPPKeys(table: self) }
}
