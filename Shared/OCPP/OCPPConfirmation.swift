/// A confirmation of either side, by action. The payload of a CALLRESULT (J §4.2.2).
public enum OCPPConfirmation: Equatable, Sendable {
    case authorize(Authorize.Confirmation)
    case bootNotification(BootNotification.Confirmation)
    case cancelReservation(CancelReservation.Confirmation)
    case changeAvailability(ChangeAvailability.Confirmation)
    case changeConfiguration(ChangeConfiguration.Confirmation)
    case clearCache(ClearCache.Confirmation)
    case clearChargingProfile(ClearChargingProfile.Confirmation)
    case dataTransfer(DataTransfer.Confirmation)
    case diagnosticsStatusNotification(DiagnosticsStatusNotification.Confirmation)
    case firmwareStatusNotification(FirmwareStatusNotification.Confirmation)
    case getCompositeSchedule(GetCompositeSchedule.Confirmation)
    case getConfiguration(GetConfiguration.Confirmation)
    case getDiagnostics(GetDiagnostics.Confirmation)
    case getLocalListVersion(GetLocalListVersion.Confirmation)
    case heartbeat(Heartbeat.Confirmation)
    case meterValues(MeterValues.Confirmation)
    case remoteStartTransaction(RemoteStartTransaction.Confirmation)
    case remoteStopTransaction(RemoteStopTransaction.Confirmation)
    case reserveNow(ReserveNow.Confirmation)
    case reset(Reset.Confirmation)
    case sendLocalList(SendLocalList.Confirmation)
    case setChargingProfile(SetChargingProfile.Confirmation)
    case startTransaction(StartTransaction.Confirmation)
    case statusNotification(StatusNotification.Confirmation)
    case stopTransaction(StopTransaction.Confirmation)
    case triggerMessage(TriggerMessage.Confirmation)
    case unlockConnector(UnlockConnector.Confirmation)
    case updateFirmware(UpdateFirmware.Confirmation)

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
