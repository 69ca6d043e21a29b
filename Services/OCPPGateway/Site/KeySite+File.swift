internal import BusSchema
public import GatewayCore
internal import JSON
public import SiteConfiguration

extension KeySite {
    /// What the site's file says of the charger that the keys are for.
    /// - Throws: a `SiteFileError` for a section that is wrong.
    public init(_ file: SiteFile) throws(SiteFileError) {
        let connectors = try file.connectors(unknownKeys: .ignored)
        let profile = try file.centralSystem()?.securityProfile ?? 0
        self.init(
            numberOfConnectors: connectors.count,
            fixedCable: connectors.allSatisfy { $0.cable == .fixed },
            phases: connectors.map(\.phases).max() ?? 3,
            defaults: try file.ocppDefaults(),
            // The section has checked the range.
            security: ConnectionProfile.Security(rawValue: profile) ?? .notConfigured
        )
    }
}

/// The section `ocpp` of the site's file.
public enum OCPPSection {
    /// What is wrong with the defaults of OCPP keys; nothing when another section is wrong that they depend on, which tells its own mistakes.
    public static func mistakes(in file: SiteFile) -> [SiteFileError] {
        guard let site = try? KeySite(file) else { return [] }
        return OCPPKeyTable.misfits(of: site).map { file.failure(at: "ocpp.\($0.key)", $0.reason) }
    }

    /// The keys that a site may give a default for.
    public static var fields: [SiteField] {
        // Three phases and a socket: the charger that most can be said of.
        let site = KeySite(numberOfConnectors: SiteFile.maximumDevices, fixedCable: false, phases: 3)
        return OCPPKeyTable.declarations(of: site).filter { !$0.secret && $0.access != .readOnly }.map(field)
    }

    /// The names of all keys that a charger can have.
    public static var keyNames: [String] {
        let site = KeySite(numberOfConnectors: SiteFile.maximumDevices, fixedCable: false, phases: 3)
        return OCPPKeyTable.declarations(of: site).map(\.key).sorted()
    }

    private static func field(_ key: KeyDeclaration) -> SiteField {
        SiteField(
            name: key.key,
            shape: shape(key),
            fallback: key.defaultValue.map { .string($0) },
            unit: key.unit,
            about: key.description
        )
    }

    private static func shape(_ key: KeyDeclaration) -> SiteShape {
        switch key.type {
        case .boolean: .truth
        case .integer: .integer(Int(key.minimum ?? 0)...Int(key.maximum ?? .max))
        default: .text(0...(key.maximumLength ?? KeyDeclaration.longestValueBytes), pattern: nil)
        }
    }
}
