public import BusSchema

/// The one table of OCPP keys: source of the code's values, GetConfiguration, the declaration to the config store and
/// `chargectl config explain`. Defaults are those of the product's certificate.
///
/// A key is in the table only when its function exists (OCPP 1.6 §9: presence means support). There is no authorization
/// cache yet, hence no `AuthorizationCacheEnabled`.
public struct OCPPKeyTable: Equatable, Sendable {
    /// In the order of the full listing.
    public let declarations: [KeyDeclaration]
    private let indexByName: [OCPPKeyName: Int]

    /// - Throws: `KeyProblem` when a site default names no key or does not fit it.
    public init(site: KeySite) throws(KeyProblem) {
        let factory = OCPPKeyName.allCases.compactMap { Self.declaration(of: $0, site: site) }
        var names = site.defaults
        var declarations: [KeyDeclaration] = []
        for declaration in factory {
            var declaration = declaration
            if let text = names.removeValue(forKey: declaration.key) {
                declaration.defaultValue = try declaration.canonical(text)
            }
            declarations.append(declaration)
        }
        if let unknown = names.keys.min() {
            throw KeyProblem(key: unknown, reason: "is no key of this charger")
        }
        self.declarations = declarations
        var index: [OCPPKeyName: Int] = [:]
        for (position, declaration) in declarations.enumerated() {
            if let name = OCPPKeyName(rawValue: declaration.key) { index[name] = position }
        }
        indexByName = index
    }

    /// The declaration of a key; nil when this charger does not have it.
    public subscript(name: OCPPKeyName) -> KeyDeclaration? { indexByName[name].map { declarations[$0] } }

    /// Every value at its default.
    public var defaults: OCPPKeys { OCPPKeys(table: self) }

    // MARK: - The rows

    private static func declaration(of name: OCPPKeyName, site: KeySite) -> KeyDeclaration? {
        switch name {
        case .allowOfflineTxForUnknownId, .authorizeRemoteTxRequests, .localAuthorizeOffline, .localPreAuthorize,
            .stopTransactionOnEVSideDisconnect, .stopTransactionOnInvalidId, .unlockConnectorOnEVSideDisconnect:
            boolean(name, site: site)
        case .clockAlignedDataInterval, .connectionTimeOut, .heartbeatInterval, .messageTimeout,
            .meterValueSampleInterval, .minimumStatusDuration, .transactionMessageRetryInterval, .webSocketPingInterval:
            interval(name, site: site)
        case .meterValuesAlignedData, .meterValuesSampledData, .stopTxnAlignedData, .stopTxnSampledData:
            measurands(name, site: site)
        case .getConfigurationMaxKeys, .meterValuesAlignedDataMaxLength, .meterValuesSampledDataMaxLength,
            .numberOfConnectors, .stopTransactionMaxMeterValues, .stopTxnAlignedDataMaxLength,
            .stopTxnSampledDataMaxLength:
            limit(name, site: site)
        case .authorizationKey, .connectorPhaseRotation, .maxEnergyOnInvalidId, .resetRetries,
            .supportedFeatureProfiles, .transactionMessageAttempts:
            single(name, site: site)
        }
    }

    private static func boolean(_ name: OCPPKeyName, site: KeySite) -> KeyDeclaration {
        let (value, description): (String, String) =
            switch name {
            case .allowOfflineTxForUnknownId: ("true", "Offline, start a transaction for ids that are not known here.")
            case .authorizeRemoteTxRequests:
                ("true", "Authorize the idTag of a RemoteStartTransaction before starting.")
            case .localAuthorizeOffline: ("false", "Offline, start a transaction for locally authorized ids.")
            case .localPreAuthorize: ("false", "Online, start for locally authorized ids without asking.")
            case .stopTransactionOnEVSideDisconnect:
                ("true", "Stop the transaction when the cable is pulled at the EV.")
            case .stopTransactionOnInvalidId:
                ("true", "Stop when StartTransaction is answered with anything but Accepted.")
            default: (site.fixedCable ? "false" : "true", "Unlock the cable here when it is pulled at the EV.")
            }
        // A fixed cable cannot be unlocked: always false, not to be changed (E §3.85).
        let fixed = name == .unlockConnectorOnEVSideDisconnect && site.fixedCable
        return KeyDeclaration(
            key: name.rawValue,
            type: .boolean,
            defaultValue: value,
            access: fixed ? .readOnly : .readWrite,
            description: description
        )
    }

    private static func interval(_ name: OCPPKeyName, site: KeySite) -> KeyDeclaration? {
        let (value, range, description): (String?, ClosedRange<Int64>, String) =
            switch name {
            case .clockAlignedDataInterval: ("0", 0...86_400, "Interval of clock-aligned meter values; 0 is off.")
            case .connectionTimeOut: ("60", 1...86_400, "From Preparing until the start attempt is given up.")
            case .heartbeatInterval: ("20", 1...86_400, "Silence after which a Heartbeat is sent.")
            case .messageTimeout: (nil, 1...3600, "How long a CALL waits for its answer.")
            case .meterValueSampleInterval: ("20", 0...86_400, "Interval of meter values in a transaction; 0 is off.")
            case .minimumStatusDuration: (nil, 0...3600, "How long a status must hold before it is reported.")
            case .transactionMessageRetryInterval:
                ("10", 0...86_400, "Base wait before a refused transaction message is sent again.")
            default: ("10", 0...3600, "Interval of WebSocket pings; 0 is off.")
            }
        guard value != nil || site.defaults[name.rawValue] != nil else { return nil }
        return KeyDeclaration(
            key: name.rawValue,
            type: .integer,
            defaultValue: value,
            access: .readWrite,
            description: description,
            unit: "s",
            minimum: range.lowerBound,
            maximum: range.upperBound
        )
    }

    private static func measurands(_ name: OCPPKeyName, site: KeySite) -> KeyDeclaration {
        let (value, description): (String, String) =
            switch name {
            case .meterValuesAlignedData: (energyRegister, "Measurands of clock-aligned MeterValues.")
            case .meterValuesSampledData: (energyRegister, "Measurands of sampled MeterValues.")
            case .stopTxnAlignedData: ("", "Clock-aligned measurands in StopTransaction.")
            default: ("", "Sampled measurands in StopTransaction.")
            }
        return KeyDeclaration(
            key: name.rawValue,
            type: .list,
            defaultValue: value,
            access: .readWrite,
            description: description,
            maximumLength: 500,
            maximumItems: measurandListLength,
            choices: MeasurandSelection.choices(phases: site.phases)
        )
    }

    private static func limit(_ name: OCPPKeyName, site: KeySite) -> KeyDeclaration {
        let (value, description): (Int, String) =
            switch name {
            case .getConfigurationMaxKeys: (20, "Most keys in one GetConfiguration request.")
            case .meterValuesAlignedDataMaxLength: (measurandListLength, "Most items in MeterValuesAlignedData.")
            case .meterValuesSampledDataMaxLength: (measurandListLength, "Most items in MeterValuesSampledData.")
            case .numberOfConnectors: (site.numberOfConnectors, "Physical connectors.")
            case .stopTransactionMaxMeterValues: (20, "Most meter values in one StopTransaction.")
            case .stopTxnAlignedDataMaxLength: (measurandListLength, "Most items in StopTxnAlignedData.")
            default: (measurandListLength, "Most items in StopTxnSampledData.")
            }
        return KeyDeclaration(
            key: name.rawValue,
            type: .integer,
            defaultValue: String(value),
            access: .readOnly,
            description: description
        )
    }

    private static func single(_ name: OCPPKeyName, site: KeySite) -> KeyDeclaration? {
        switch name {
        case .authorizationKey:
            // Security whitepaper §7.2. The store checks it as well: technicians set it without asking the gateway.
            KeyDeclaration(
                key: name.rawValue,
                type: .hexadecimal,
                defaultValue: nil,
                access: .writeOnly,
                secret: true,
                description: "Password for the central system, 32 to 40 hex digits; the link reconnects with it.",
                unit: "bytes",
                minimum: 16,
                maximum: 20,
                maximumLength: 40
            )
        case .connectorPhaseRotation:
            KeyDeclaration(
                key: name.rawValue,
                type: .list,
                defaultValue: "NotApplicable",
                access: .readWrite,
                description: "Order of the phases, per connector: 1.RST and so on; 0 is the main meter.",
                maximumLength: 500,
                maximumItems: site.numberOfConnectors + 1,
                choices: phaseRotations(connectors: site.numberOfConnectors)
            )
        case .maxEnergyOnInvalidId where site.defaults[name.rawValue] == nil:
            nil
        case .maxEnergyOnInvalidId:
            integer(name, "0", 0...1_000_000, unit: "Wh", "Energy still delivered after an id turned out invalid.")
        case .resetRetries:
            integer(name, "3", 0...100, unit: nil, "How often a failed reset is tried again.")
        case .transactionMessageAttempts:
            integer(name, "3", 1...1000, unit: nil, "How often a refused transaction message is sent in all.")
        default:
            KeyDeclaration(
                key: name.rawValue,
                type: .list,
                defaultValue: "Core",
                access: .readOnly,
                description: "Feature profiles of OCPP 1.6 that this charger implements."
            )
        }
    }

    private static func integer(
        _ name: OCPPKeyName,
        _ value: String,
        _ range: ClosedRange<Int64>,
        unit: String?,
        _ description: String
    ) -> KeyDeclaration {
        KeyDeclaration(
            key: name.rawValue,
            type: .integer,
            defaultValue: value,
            access: .readWrite,
            description: description,
            unit: unit,
            minimum: range.lowerBound,
            maximum: range.upperBound
        )
    }

    /// Values of OCPP 1.6 §9.1.7; without an index they stand for every connector, as the certificate has it.
    private static func phaseRotations(connectors: Int) -> [String] {
        let rotations = ["NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR"]
        return rotations + (0...connectors).flatMap { index in rotations.map { "\(index).\($0)" } }
    }

    private static let energyRegister = "Energy.Active.Import.Register"
    private static let measurandListLength = 20
}
