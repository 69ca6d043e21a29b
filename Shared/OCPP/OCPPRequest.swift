/// A request of either side, by action. The payload of a CALL (J §4.2.1).
public enum OCPPRequest: Equatable, Sendable {
    case authorize(Authorize.Request)
    case bootNotification(BootNotification.Request)
    case cancelReservation(CancelReservation.Request)
    case changeAvailability(ChangeAvailability.Request)
    case changeConfiguration(ChangeConfiguration.Request)
    case clearCache(ClearCache.Request)
    case clearChargingProfile(ClearChargingProfile.Request)
    case dataTransfer(DataTransfer.Request)
    case diagnosticsStatusNotification(DiagnosticsStatusNotification.Request)
    case firmwareStatusNotification(FirmwareStatusNotification.Request)
    case getCompositeSchedule(GetCompositeSchedule.Request)
    case getConfiguration(GetConfiguration.Request)
    case getDiagnostics(GetDiagnostics.Request)
    case getLocalListVersion(GetLocalListVersion.Request)
    case heartbeat(Heartbeat.Request)
    case meterValues(MeterValues.Request)
    case remoteStartTransaction(RemoteStartTransaction.Request)
    case remoteStopTransaction(RemoteStopTransaction.Request)
    case reserveNow(ReserveNow.Request)
    case reset(Reset.Request)
    case sendLocalList(SendLocalList.Request)
    case setChargingProfile(SetChargingProfile.Request)
    case startTransaction(StartTransaction.Request)
    case statusNotification(StatusNotification.Request)
    case stopTransaction(StopTransaction.Request)
    case triggerMessage(TriggerMessage.Request)
    case unlockConnector(UnlockConnector.Request)
    case updateFirmware(UpdateFirmware.Request)

    /// The action that the payload belongs to.
    public var action: Action {
        switch self {
        case .authorize: .authorize
        case .bootNotification: .bootNotification
        case .cancelReservation: .cancelReservation
        case .changeAvailability: .changeAvailability
        case .changeConfiguration: .changeConfiguration
        case .clearCache: .clearCache
        case .clearChargingProfile: .clearChargingProfile
        case .dataTransfer: .dataTransfer
        case .diagnosticsStatusNotification: .diagnosticsStatusNotification
        case .firmwareStatusNotification: .firmwareStatusNotification
        case .getCompositeSchedule: .getCompositeSchedule
        case .getConfiguration: .getConfiguration
        case .getDiagnostics: .getDiagnostics
        case .getLocalListVersion: .getLocalListVersion
        case .heartbeat: .heartbeat
        case .meterValues: .meterValues
        case .remoteStartTransaction: .remoteStartTransaction
        case .remoteStopTransaction: .remoteStopTransaction
        case .reserveNow: .reserveNow
        case .reset: .reset
        case .sendLocalList: .sendLocalList
        case .setChargingProfile: .setChargingProfile
        case .startTransaction: .startTransaction
        case .statusNotification: .statusNotification
        case .stopTransaction: .stopTransaction
        case .triggerMessage: .triggerMessage
        case .unlockConnector: .unlockConnector
        case .updateFirmware: .updateFirmware
        }
    }
}
