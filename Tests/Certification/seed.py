"""The product's certificate: its configuration table and its form, for comparison key by key."""

READ_WRITE = [
    "ClockAlignedDataInterval", "ConnectionTimeOut", "ConnectorPhaseRotation", "HeartbeatInterval", "LocalAuthorizeOffline",
    "LocalPreAuthorize", "MeterValuesAlignedData", "MeterValuesSampledData", "MeterValueSampleInterval", "ResetRetries",
    "StopTransactionOnInvalidId", "StopTxnAlignedData", "StopTxnSampledData", "TransactionMessageAttempts",
    "TransactionMessageRetryInterval", "UnlockConnectorOnEVSideDisconnect",
]
READ_ONLY = ["GetConfigurationMaxKeys", "NumberOfConnectors", "SupportedFeatureProfiles"]

# None: the certificate gives no value. The two lists of StopTransaction are required keys all the same, and empty.
TABLE = {
    "AllowOfflineTxForUnknownId": "true",
    "AuthorizationCacheEnabled": "false",
    "AuthorizeRemoteTxRequests": "true",
    "BlinkRepeat": None,
    "ClockAlignedDataInterval": "0",
    "ConnectionTimeOut": "60",
    "ConnectorPhaseRotation": "NotApplicable",
    "ConnectorPhaseRotationMaxLength": None,
    "GetConfigurationMaxKeys": "20",
    "HeartbeatInterval": "20",
    "LightIntensity": None,
    "LocalAuthorizeOffline": "false",
    "LocalPreAuthorize": "false",
    "MaxEnergyOnInvalidId": None,
    "MessageTimeout": None,
    "MeterValuesAlignedData": "Energy.Active.Import.Register",
    "MeterValuesAlignedDataMaxLength": "20",
    "MeterValuesSampledData": "Energy.Active.Import.Register",
    "MeterValuesSampledDataMaxLength": "20",
    "MeterValueSampleInterval": "20",
    "MinimumStatusDuration": None,
    "NumberOfConnectors": "1",
    "ResetRetries": "3",
    "StopTransactionMaxMeterValues": "20",
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTransactionOnInvalidId": "true",
    "StopTxnAlignedData": "",
    "StopTxnAlignedDataMaxLength": "20",
    "StopTxnSampledData": "",
    "StopTxnSampledDataMaxLength": "20",
    "SupportedFeatureProfiles": "Core",
    "SupportedFeatureProfilesMaxLength": None,
    "TransactionMessageAttempts": "3",
    "TransactionMessageRetryInterval": "10",
    "UnlockConnectorOnEVSideDisconnect": "true",
    "WebSocketPingInterval": "10",
    "LocalAuthListEnabled": None,
    "LocalAuthListMaxLength": None,
    "SendLocalListMaxLength": None,
    "ReserveConnectorZeroSupported": None,
    "ChargeProfileMaxStackLevel": None,
    "ChargingScheduleAllowedChargingRateUnit": None,
    "ChargingScheduleMaxPeriods": None,
    "ConnectorSwitch3to1PhaseSupported": None,
    "MaxChargingProfilesInstalled": None,
    "SupportedFileTransferProtocols": None,
}

# Where the charge point has reason to say something else than the certificate.
EXPLAINED = {
    "UnlockConnectorOnEVSideDisconnect": ("false", "the cable is fixed, so that it can never be unlocked (errata §3.85)"),
    "HeartbeatInterval": ("300", "the interval of BootNotification.conf is in force (OCPP 1.6 §4.2); the delivered value is 20"),
}

# Of the certificate: what the form allows, what the laboratory measured, in whole seconds.
TIMES = {"function": (90, 2), "response": (5, 1), "RemoteStartTransaction": (5, 0)}


def compare(known):
    """One row for each key of the table or of the charge point: key, certificate, here, verdict (a difference that is explained is none), note."""
    rows = []
    for key in [*TABLE, *(k for k in known if k not in TABLE)]:
        wanted = TABLE.get(key)
        found = known[key].get("value", "") if key in known else None
        note = "" if key in TABLE else "not in the certificate's table"
        agrees = found == wanted
        if not agrees and key in EXPLAINED and found == EXPLAINED[key][0]:
            agrees, note = True, EXPLAINED[key][1]
        rows.append((key, wanted, found, agrees, note))
    return rows


def differences(known):
    return [
        f"{key}: {'absent' if found is None else repr(found)} instead of {'absent' if wanted is None else repr(wanted)}"
        for key, wanted, found, agrees, _ in compare(known)
        if not agrees
    ]
