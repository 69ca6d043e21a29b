public import BusSchema
internal import Primitives

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

    /// - Throws: `Misfit` when a site default names no key, does not fit it, or must not be given there; the first of `misfits`.
    public init(site: KeySite) throws(Misfit) {
        let (table, misfits) = Self.table(of: site)
        if let misfit = misfits.first { throw misfit }
        self = table
    }

    /// All that is wrong with the defaults of a site.
    public static func misfits(of site: KeySite) -> [Misfit] { table(of: site).misfits }

    /// Every key that a charger of this kind can have, also those that only a site brings.
    public static func declarations(of site: KeySite) -> [KeyDeclaration] {
        profiles.flatMap { $0.rows(site) }.map(\.declaration)
    }

    private init(rows: [OCPPKeyRow]) {
        self.rows = rows
        var positions: [String: Int] = [:]
        for (position, row) in rows.enumerated() { positions[row.name.rawValue.lowercased()] = position }
        self.positions = positions
        declarations = rows.map(\.declaration)
    }

    /// The table as far as the site's defaults fit, and those that do not.
    private static func table(of site: KeySite) -> (table: OCPPKeyTable, misfits: [Misfit]) {
        var defaults = site.defaults
        var rows: [OCPPKeyRow] = []
        var misfits: [Misfit] = []
        let all = profiles.flatMap { $0.rows(site) }
        for row in all {
            let text = defaults.removeValue(forKey: row.name.rawValue)
            guard text != nil || row.presence == .always else { continue }
            do throws(Misfit) {
                rows.append(try text.map { text throws(Misfit) in try overridden(row, by: text) } ?? row)
            } catch {
                misfits.append(error)
            }
        }
        misfits += defaults.keys.sorted().prefix(mostUnknown).map { unknown($0, among: all) }
        return (OCPPKeyTable(rows: rows), misfits)
    }

    /// Unknown names that are told: more of them are a file of another kind, and each is compared with every key.
    private static let mostUnknown = 100

    /// A name that differs from a key's in little: also from that of a secret, whose place is told.
    private static func unknown(_ key: String, among rows: [OCPPKeyRow]) -> Misfit {
        let nearest = NearestName.of(key, in: rows.map(\.name.rawValue))
        guard let row = rows.first(where: { $0.name.rawValue == nearest }) else {
            return Misfit(key: key, reason: "is no key of this charger")
        }
        let place = row.declaration.secret ? ", which \(secrecy)" : ""
        return Misfit(key: key, reason: "is no key of this charger; did you mean \"\(row.name)\"\(place)?")
    }

    /// The only secret is the password, which the file has a place for.
    private static let secrecy = "belongs to centralSystem.authorizationKeyHex"

    private static func overridden(_ row: OCPPKeyRow, by text: String) throws(Misfit) -> OCPPKeyRow {
        let key = row.name.rawValue
        guard !row.declaration.secret else {
            let reason = "is a secret, and what stands here is shown to everybody on the bus; it \(secrecy)"
            throw Misfit(key: key, reason: reason)
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
