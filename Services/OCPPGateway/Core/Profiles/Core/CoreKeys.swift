internal import BusSchema

/// The values of the keys of the Core profile (OCPP 1.6 §9.1), parsed once.
public struct CoreKeys: Equatable, Sendable {
    // MARK: - Connection

    public internal(set) var heartbeatInterval: Duration = .zero
    /// Zero: no pings (OCPP 1.6 §9.1.34).
    public internal(set) var webSocketPingInterval: Duration = .zero
    /// How long a CALL waits; nil leaves it to the gateway (E §3.83).
    public internal(set) var messageTimeout: Duration?
    public internal(set) var getConfigurationMaxKeys = 0

    // MARK: - Authorization

    public internal(set) var allowOfflineTxForUnknownId = false
    public internal(set) var authorizationCacheEnabled = false
    public internal(set) var authorizeRemoteTxRequests = false
    public internal(set) var localAuthorizeOffline = false
    public internal(set) var localPreAuthorize = false

    // MARK: - Sessions

    public internal(set) var connectionTimeOut: Duration = .zero
    /// Zero when the key is absent: every status is reported at once.
    public internal(set) var minimumStatusDuration: Duration = .zero
    public internal(set) var stopTransactionOnInvalidId = false
    public internal(set) var stopTransactionOnEVSideDisconnect = false
    public internal(set) var unlockConnectorOnEVSideDisconnect = false
    /// Wh that may still flow after an id turned out invalid; nil when the key is absent.
    public internal(set) var maxEnergyOnInvalidIdWh: Int64?
    public internal(set) var resetRetries = 0

    // MARK: - Transaction messages

    /// At least 1.
    public internal(set) var transactionMessageAttempts = 1
    public internal(set) var transactionMessageRetryInterval: Duration = .zero

    /// How long to wait before a transaction message that failed so often is sent again (OCPP 1.6 §9.1.30).
    public func retryWait(afterFailures failures: Int) -> Duration {
        // The count comes from the disk; attempts end at a thousand.
        transactionMessageRetryInterval * min(max(failures, 0), 1000)
    }

    // MARK: - Meter values

    /// Zero: off (OCPP 1.6 §9.1.19).
    public internal(set) var meterValueSampleInterval: Duration = .zero
    /// Zero: off (OCPP 1.6 §9.1.5).
    public internal(set) var clockAlignedDataInterval: Duration = .zero
    public internal(set) var meterValuesSampledData: [MeasurandSelection] = []
    public internal(set) var meterValuesAlignedData: [MeasurandSelection] = []
    public internal(set) var stopTxnSampledData: [MeasurandSelection] = []
    public internal(set) var stopTxnAlignedData: [MeasurandSelection] = []
    /// Most meter values in `transactionData` (E §3.91).
    public internal(set) var stopTransactionMaxMeterValues = 0
}

extension CoreKeys {
    /// The keys that are lists of measurands.
    static let measurandLists: Set<OCPPKeyName> = [
        "MeterValuesAlignedData", "MeterValuesSampledData", "StopTxnAlignedData", "StopTxnSampledData",
    ]

    /// Whether there is an authorization cache (OCPP 1.6 §9.1.2).
    static let cacheSwitch: OCPPKeyName = "AuthorizationCacheEnabled"

    static let profile = OCPPKeyTable.Profile(name: "Core", rows: rows)

    /// One row is one key, in the order of the full listing.
    private static func rows(_ site: KeySite) -> [OCPPKeyRow] {
        rowsBeforeSecurity(site) + rowsOfSecurity(site) + rowsAfterSecurity(site)
    }

    private static func rowsBeforeSecurity(_ site: KeySite) -> [OCPPKeyRow] {
        let measurands = OCPPKeyKind.measurands(phases: site.phases)
        let mostMeasurands = String(MeasurandSelection.longestList)
        let register = "Energy.Active.Import.Register"
        let rotations = OCPPKeyKind.phaseRotations(connectors: site.numberOfConnectors)
        return [
            .init("AllowOfflineTxForUnknownId", \.core.allowOfflineTxForUnknownId, .boolean, default: "true")
                .described("Offline, start a transaction for ids that are not known here."),
            .init(cacheSwitch, \.core.authorizationCacheEnabled, .boolean, default: "false")
                .described("Remember what the central system says of ids; false empties the cache."),
            // Security whitepaper §7.2, replacing the 20 bytes of OCPP-J 1.6 §6.2.2.
            .init(.authorizationKey, .secretBytes(16...20), access: .writeOnly)
                .described("Password for the central system, 32 to 40 hex digits; the link reconnects with it."),
            .init("AuthorizeRemoteTxRequests", \.core.authorizeRemoteTxRequests, .boolean, default: "true")
                .described("Authorize the idTag of a RemoteStartTransaction before starting."),
            .init("ClockAlignedDataInterval", \.core.clockAlignedDataInterval, .seconds(0...86_400), default: "0")
                .described("Interval of clock-aligned meter values; 0 is off."),
            .init("ConnectionTimeOut", \.core.connectionTimeOut, .seconds(1...86_400), default: "60")
                .described("From Preparing until the start attempt is given up."),
            .init("ConnectorPhaseRotation", rotations, default: "NotApplicable")
                .described("Order of the phases, per connector: 1.RST and so on; 0 is the main meter."),
            .init("GetConfigurationMaxKeys", \.core.getConfigurationMaxKeys, .count, default: "20", access: .readOnly)
                .described("Most keys in one GetConfiguration request."),
            .init(.heartbeatInterval, \.core.heartbeatInterval, .seconds(1...86_400), default: "20")
                .described("Silence before a Heartbeat; BootNotification.conf replaces it until it is set anew."),
            .init("LocalAuthorizeOffline", \.core.localAuthorizeOffline, .boolean, default: "false")
                .described("Offline, start a transaction for locally authorized ids."),
            .init("LocalPreAuthorize", \.core.localPreAuthorize, .boolean, default: "false")
                .described("Online, start for locally authorized ids without asking."),
            .init("MaxEnergyOnInvalidId", optional: \.core.maxEnergyOnInvalidIdWh, .integer(0...1_000_000, unit: "Wh"))
                .described("Energy still delivered after an id turned out invalid."),
            .init("MessageTimeout", optional: \.core.messageTimeout, .seconds(1...3600))
                .described("How long a CALL waits for its answer."),
            .init("MeterValuesAlignedData", \.core.meterValuesAlignedData, measurands, default: register)
                .described("Measurands of clock-aligned MeterValues."),
            .init("MeterValuesAlignedDataMaxLength", .count, default: mostMeasurands, access: .readOnly)
                .described("Most items in MeterValuesAlignedData."),
            .init("MeterValuesSampledData", \.core.meterValuesSampledData, measurands, default: register)
                .described("Measurands of sampled MeterValues."),
            .init("MeterValuesSampledDataMaxLength", .count, default: mostMeasurands, access: .readOnly)
                .described("Most items in MeterValuesSampledData."),
            .init("MeterValueSampleInterval", \.core.meterValueSampleInterval, .seconds(0...86_400), default: "20")
                .described("Interval of meter values in a transaction; 0 is off."),
            .init(
                "MinimumStatusDuration",
                \.core.minimumStatusDuration,
                .seconds(0...3600),
                presence: .whereTheSiteNamesADefault
            )
            .described("How long a status must hold before it is reported."),
            .init("NumberOfConnectors", .count, default: String(site.numberOfConnectors), access: .readOnly)
                .described("Physical connectors."),
            .init("ResetRetries", \.core.resetRetries, .integer(0...100), default: "3")
                .described("How often a failed reset is tried again."),
        ]
    }

    /// Security whitepaper §7.6. Over OCPP it could only be raised, which nothing here does yet. The certificate is one without security profiles
    /// and does not have the key, so it is there where the site demands one.
    private static func rowsOfSecurity(_ site: KeySite) -> [OCPPKeyRow] {
        guard site.security != .notConfigured else { return [] }
        return [
            .init("SecurityProfile", .count, default: String(site.security.rawValue), access: .readOnly)
                .described("What connections must have: 1 a password, 2 a password and TLS.")
        ]
    }

    private static func rowsAfterSecurity(_ site: KeySite) -> [OCPPKeyRow] {
        let measurands = OCPPKeyKind.measurands(phases: site.phases)
        let mostMeasurands = String(MeasurandSelection.longestList)
        let profiles = OCPPKeyTable.profiles.map(\.name).joined(separator: ",")
        // A fixed cable cannot be unlocked: always false, not to be changed (E §3.85).
        let (unlocks, unlocking) = site.fixedCable ? ("false", OCPPKeyRow.Access.readOnly) : ("true", .readWrite)
        return [
            .init(
                "StopTransactionMaxMeterValues",
                \.core.stopTransactionMaxMeterValues,
                .count,
                default: "20",
                access: .readOnly
            )
            .described("Most meter values in one StopTransaction."),
            .init(
                "StopTransactionOnEVSideDisconnect",
                \.core.stopTransactionOnEVSideDisconnect,
                .boolean,
                default: "true"
            )
            .described("Stop the transaction when the cable is pulled at the EV."),
            .init("StopTransactionOnInvalidId", \.core.stopTransactionOnInvalidId, .boolean, default: "true")
                .described("Stop when StartTransaction is answered with anything but Accepted."),
            .init("StopTxnAlignedData", \.core.stopTxnAlignedData, measurands, default: "")
                .described("Clock-aligned measurands in StopTransaction."),
            .init("StopTxnAlignedDataMaxLength", .count, default: mostMeasurands, access: .readOnly)
                .described("Most items in StopTxnAlignedData."),
            .init("StopTxnSampledData", \.core.stopTxnSampledData, measurands, default: "")
                .described("Sampled measurands in StopTransaction."),
            .init("StopTxnSampledDataMaxLength", .count, default: mostMeasurands, access: .readOnly)
                .described("Most items in StopTxnSampledData."),
            .init("SupportedFeatureProfiles", .list(), default: profiles, access: .readOnly)
                .described("Feature profiles of OCPP 1.6 that this charger implements."),
            .init("TransactionMessageAttempts", \.core.transactionMessageAttempts, .integer(1...1000), default: "3")
                .described("How often a transaction message is sent in all."),
            .init(
                "TransactionMessageRetryInterval",
                \.core.transactionMessageRetryInterval,
                .seconds(0...86_400),
                default: "10"
            )
            .described("Base wait before a refused transaction message is sent again."),
            .init(
                "UnlockConnectorOnEVSideDisconnect",
                \.core.unlockConnectorOnEVSideDisconnect,
                .boolean,
                default: unlocks,
                access: unlocking
            )
            .described("Unlock the cable here when it is pulled at the EV."),
            .init("WebSocketPingInterval", \.core.webSocketPingInterval, .seconds(0...3600), default: "10")
                .described("Interval of WebSocket pings; 0 is off."),
        ]
    }
}
