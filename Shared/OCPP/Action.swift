/// The 28 actions of OCPP 1.6, spelled as they stand in a CALL (J §4.2.1): case-sensitive.
public enum Action: String, ClosedEnumeration {
    case authorize = "Authorize"
    case bootNotification = "BootNotification"
    case cancelReservation = "CancelReservation"
    case changeAvailability = "ChangeAvailability"
    case changeConfiguration = "ChangeConfiguration"
    case clearCache = "ClearCache"
    case clearChargingProfile = "ClearChargingProfile"
    case dataTransfer = "DataTransfer"
    case diagnosticsStatusNotification = "DiagnosticsStatusNotification"
    case firmwareStatusNotification = "FirmwareStatusNotification"
    case getCompositeSchedule = "GetCompositeSchedule"
    case getConfiguration = "GetConfiguration"
    case getDiagnostics = "GetDiagnostics"
    case getLocalListVersion = "GetLocalListVersion"
    case heartbeat = "Heartbeat"
    case meterValues = "MeterValues"
    case remoteStartTransaction = "RemoteStartTransaction"
    case remoteStopTransaction = "RemoteStopTransaction"
    case reserveNow = "ReserveNow"
    case reset = "Reset"
    case sendLocalList = "SendLocalList"
    case setChargingProfile = "SetChargingProfile"
    case startTransaction = "StartTransaction"
    case statusNotification = "StatusNotification"
    case stopTransaction = "StopTransaction"
    case triggerMessage = "TriggerMessage"
    case unlockConnector = "UnlockConnector"
    case updateFirmware = "UpdateFirmware"
}

/// The two ends of a connection.
public enum Role: Equatable, Sendable, CaseIterable {
    case chargePoint
    case centralSystem

    /// The other end.
    public var peer: Role { self == .chargePoint ? .centralSystem : .chargePoint }
}

extension Action {
    /// Whether `sender` may start this action: OCPP 1.6 chapter 4 lists those of the charge point, chapter 5 those of the central
    /// system; DataTransfer is in both.
    public func mayBeSent(by sender: Role) -> Bool {
        switch self {
        case .authorize, .bootNotification, .diagnosticsStatusNotification, .firmwareStatusNotification, .heartbeat,
            .meterValues, .startTransaction, .statusNotification, .stopTransaction:
            sender == .chargePoint
        case .cancelReservation, .changeAvailability, .changeConfiguration, .clearCache, .clearChargingProfile,
            .getCompositeSchedule, .getConfiguration, .getDiagnostics, .getLocalListVersion, .remoteStartTransaction,
            .remoteStopTransaction, .reserveNow, .reset, .sendLocalList, .setChargingProfile, .triggerMessage,
            .unlockConnector, .updateFirmware:
            sender == .centralSystem
        case .dataTransfer:
            true
        }
    }
}
