import BusSchema

/// The values of the OCPP keys in force, typed. A value: whoever needs it keeps a copy and gets a new one on change.
public struct OCPPKeys: Equatable, Sendable {
    /// Canonical texts, valid for the table that they were made with; absent for keys that are absent or unset.
    private var texts: [OCPPKeyName: String]

    /// Every key of `table` at its default.
    public init(table: OCPPKeyTable) {
        texts = [:]
        for declaration in table.declarations {
            guard let name = OCPPKeyName(rawValue: declaration.key) else { continue }
            texts[name] = declaration.defaultValue
        }
    }

    /// The value as GetConfiguration gives it; nil when the key is absent or unset.
    public func text(_ name: OCPPKeyName) -> String? { texts[name] }

    /// Sets a value that the caller got from `KeyDeclaration.canonical`.
    public mutating func set(_ name: OCPPKeyName, canonical text: String?) { texts[name] = text }

    // MARK: - Connection

    public var heartbeatInterval: Duration { seconds(.heartbeatInterval) }
    /// Zero: no pings (OCPP 1.6 §9.1.34).
    public var webSocketPingInterval: Duration { seconds(.webSocketPingInterval) }
    /// How long a CALL waits; nil leaves it to the gateway (E §3.83).
    public var messageTimeout: Duration? { texts[.messageTimeout] == nil ? nil : seconds(.messageTimeout) }
    public var getConfigurationMaxKeys: Int { integer(.getConfigurationMaxKeys) }

    // MARK: - Authorization

    public var allowOfflineTxForUnknownId: Bool { boolean(.allowOfflineTxForUnknownId) }
    public var authorizeRemoteTxRequests: Bool { boolean(.authorizeRemoteTxRequests) }
    public var localAuthorizeOffline: Bool { boolean(.localAuthorizeOffline) }
    public var localPreAuthorize: Bool { boolean(.localPreAuthorize) }

    // MARK: - Sessions

    public var connectionTimeOut: Duration { seconds(.connectionTimeOut) }
    /// Zero when the key is absent: every status is reported at once.
    public var minimumStatusDuration: Duration { seconds(.minimumStatusDuration) }
    public var stopTransactionOnInvalidId: Bool { boolean(.stopTransactionOnInvalidId) }
    public var stopTransactionOnEVSideDisconnect: Bool { boolean(.stopTransactionOnEVSideDisconnect) }
    public var unlockConnectorOnEVSideDisconnect: Bool { boolean(.unlockConnectorOnEVSideDisconnect) }
    /// Wh that may still flow after an id turned out invalid; nil when the key is absent.
    public var maxEnergyOnInvalidIdWh: Int64? { texts[.maxEnergyOnInvalidId].flatMap { Int64($0) } }
    public var resetRetries: Int { integer(.resetRetries) }

    // MARK: - Transaction messages

    /// At least 1.
    public var transactionMessageAttempts: Int { max(1, integer(.transactionMessageAttempts)) }
    public var transactionMessageRetryInterval: Duration { seconds(.transactionMessageRetryInterval) }

    // MARK: - Meter values

    /// Zero: off (OCPP 1.6 §9.1.19).
    public var meterValueSampleInterval: Duration { seconds(.meterValueSampleInterval) }
    /// Zero: off (OCPP 1.6 §9.1.5).
    public var clockAlignedDataInterval: Duration { seconds(.clockAlignedDataInterval) }
    public var meterValuesSampledData: [MeasurandSelection] { selections(.meterValuesSampledData) }
    public var meterValuesAlignedData: [MeasurandSelection] { selections(.meterValuesAlignedData) }
    public var stopTxnSampledData: [MeasurandSelection] { selections(.stopTxnSampledData) }
    public var stopTxnAlignedData: [MeasurandSelection] { selections(.stopTxnAlignedData) }
    /// Most meter values in `transactionData` (E §3.91).
    public var stopTransactionMaxMeterValues: Int { integer(.stopTransactionMaxMeterValues) }

    // MARK: - Reading texts

    private func boolean(_ name: OCPPKeyName) -> Bool { texts[name] == "true" }

    private func integer(_ name: OCPPKeyName) -> Int { texts[name].flatMap { Int($0) } ?? 0 }

    private func seconds(_ name: OCPPKeyName) -> Duration { .seconds(integer(name)) }

    private func selections(_ name: OCPPKeyName) -> [MeasurandSelection] {
        (texts[name] ?? "").split(separator: ",").compactMap { MeasurandSelection($0) }
    }
}
