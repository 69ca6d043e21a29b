import GatewayCore

/// The keys that scripts set by name.
extension OCPPKeyName {
    static let allowOfflineTxForUnknownId: OCPPKeyName = "AllowOfflineTxForUnknownId"
    static let authorizationCacheEnabled: OCPPKeyName = "AuthorizationCacheEnabled"
    static let authorizeRemoteTxRequests: OCPPKeyName = "AuthorizeRemoteTxRequests"
    static let clockAlignedDataInterval: OCPPKeyName = "ClockAlignedDataInterval"
    static let connectionTimeOut: OCPPKeyName = "ConnectionTimeOut"
    static let connectorPhaseRotation: OCPPKeyName = "ConnectorPhaseRotation"
    static let localAuthorizeOffline: OCPPKeyName = "LocalAuthorizeOffline"
    static let localPreAuthorize: OCPPKeyName = "LocalPreAuthorize"
    static let maxEnergyOnInvalidId: OCPPKeyName = "MaxEnergyOnInvalidId"
    static let meterValueSampleInterval: OCPPKeyName = "MeterValueSampleInterval"
    static let meterValuesSampledData: OCPPKeyName = "MeterValuesSampledData"
    static let minimumStatusDuration: OCPPKeyName = "MinimumStatusDuration"
    static let numberOfConnectors: OCPPKeyName = "NumberOfConnectors"
    static let stopTransactionOnEVSideDisconnect: OCPPKeyName = "StopTransactionOnEVSideDisconnect"
    static let stopTransactionOnInvalidId: OCPPKeyName = "StopTransactionOnInvalidId"
    static let stopTxnSampledData: OCPPKeyName = "StopTxnSampledData"
    static let transactionMessageAttempts: OCPPKeyName = "TransactionMessageAttempts"
    static let transactionMessageRetryInterval: OCPPKeyName = "TransactionMessageRetryInterval"
    static let unlockConnectorOnEVSideDisconnect: OCPPKeyName = "UnlockConnectorOnEVSideDisconnect"
    static let webSocketPingInterval: OCPPKeyName = "WebSocketPingInterval"
}
