import JSON
import OCPP

/// The one place that pairs every action with its payload types for reading.
enum PayloadDecoding {
    /// - Throws: `DecodingError` with the path inside the payload.
    static func request(_ action: Action, from payload: JSONValue) throws(DecodingError) -> OCPPRequest {
        func read<T: Decodable>(_ type: T.Type) throws(DecodingError) -> T {
            try JSON.decode(type, from: payload, unknownKeys: .refused)
        }
        return switch action {
        case .authorize: .authorize(try read(Authorize.Request.self))
        case .bootNotification: .bootNotification(try read(BootNotification.Request.self))
        case .cancelReservation: .cancelReservation(try read(CancelReservation.Request.self))
        case .changeAvailability: .changeAvailability(try read(ChangeAvailability.Request.self))
        case .changeConfiguration: .changeConfiguration(try read(ChangeConfiguration.Request.self))
        case .clearCache: .clearCache(try read(ClearCache.Request.self))
        case .clearChargingProfile: .clearChargingProfile(try read(ClearChargingProfile.Request.self))
        case .dataTransfer: .dataTransfer(try read(DataTransfer.Request.self))
        case .diagnosticsStatusNotification:
            .diagnosticsStatusNotification(try read(DiagnosticsStatusNotification.Request.self))
        case .firmwareStatusNotification: .firmwareStatusNotification(try read(FirmwareStatusNotification.Request.self))
        case .getCompositeSchedule: .getCompositeSchedule(try read(GetCompositeSchedule.Request.self))
        case .getConfiguration: .getConfiguration(try read(GetConfiguration.Request.self))
        case .getDiagnostics: .getDiagnostics(try read(GetDiagnostics.Request.self))
        case .getLocalListVersion: .getLocalListVersion(try read(GetLocalListVersion.Request.self))
        case .heartbeat: .heartbeat(try read(Heartbeat.Request.self))
        case .meterValues: .meterValues(try read(MeterValues.Request.self))
        case .remoteStartTransaction: .remoteStartTransaction(try read(RemoteStartTransaction.Request.self))
        case .remoteStopTransaction: .remoteStopTransaction(try read(RemoteStopTransaction.Request.self))
        case .reserveNow: .reserveNow(try read(ReserveNow.Request.self))
        case .reset: .reset(try read(Reset.Request.self))
        case .sendLocalList: .sendLocalList(try read(SendLocalList.Request.self))
        case .setChargingProfile: .setChargingProfile(try read(SetChargingProfile.Request.self))
        case .startTransaction: .startTransaction(try read(StartTransaction.Request.self))
        case .statusNotification: .statusNotification(try read(StatusNotification.Request.self))
        case .stopTransaction: .stopTransaction(try read(StopTransaction.Request.self))
        case .triggerMessage: .triggerMessage(try read(TriggerMessage.Request.self))
        case .unlockConnector: .unlockConnector(try read(UnlockConnector.Request.self))
        case .updateFirmware: .updateFirmware(try read(UpdateFirmware.Request.self))
        }
    }

    /// Members that we do not know are skipped: there is no way to tell the peer, and losing the whole confirmation, a transactionId
    /// for example, would be worse.
    /// - Throws: `DecodingError` with the path inside the payload.
    static func confirmation(_ action: Action, from payload: JSONValue) throws(DecodingError) -> OCPPConfirmation {
        func read<T: Decodable>(_ type: T.Type) throws(DecodingError) -> T {
            try JSON.decode(type, from: payload, unknownKeys: .ignored)
        }
        return switch action {
        case .authorize: .authorize(try read(Authorize.Confirmation.self))
        case .bootNotification: .bootNotification(try read(BootNotification.Confirmation.self))
        case .cancelReservation: .cancelReservation(try read(CancelReservation.Confirmation.self))
        case .changeAvailability: .changeAvailability(try read(ChangeAvailability.Confirmation.self))
        case .changeConfiguration: .changeConfiguration(try read(ChangeConfiguration.Confirmation.self))
        case .clearCache: .clearCache(try read(ClearCache.Confirmation.self))
        case .clearChargingProfile: .clearChargingProfile(try read(ClearChargingProfile.Confirmation.self))
        case .dataTransfer: .dataTransfer(try read(DataTransfer.Confirmation.self))
        case .diagnosticsStatusNotification:
            .diagnosticsStatusNotification(try read(DiagnosticsStatusNotification.Confirmation.self))
        case .firmwareStatusNotification:
            .firmwareStatusNotification(try read(FirmwareStatusNotification.Confirmation.self))
        case .getCompositeSchedule: .getCompositeSchedule(try read(GetCompositeSchedule.Confirmation.self))
        case .getConfiguration: .getConfiguration(try read(GetConfiguration.Confirmation.self))
        case .getDiagnostics: .getDiagnostics(try read(GetDiagnostics.Confirmation.self))
        case .getLocalListVersion: .getLocalListVersion(try read(GetLocalListVersion.Confirmation.self))
        case .heartbeat: .heartbeat(try read(Heartbeat.Confirmation.self))
        case .meterValues: .meterValues(try read(MeterValues.Confirmation.self))
        case .remoteStartTransaction: .remoteStartTransaction(try read(RemoteStartTransaction.Confirmation.self))
        case .remoteStopTransaction: .remoteStopTransaction(try read(RemoteStopTransaction.Confirmation.self))
        case .reserveNow: .reserveNow(try read(ReserveNow.Confirmation.self))
        case .reset: .reset(try read(Reset.Confirmation.self))
        case .sendLocalList: .sendLocalList(try read(SendLocalList.Confirmation.self))
        case .setChargingProfile: .setChargingProfile(try read(SetChargingProfile.Confirmation.self))
        case .startTransaction: .startTransaction(try read(StartTransaction.Confirmation.self))
        case .statusNotification: .statusNotification(try read(StatusNotification.Confirmation.self))
        case .stopTransaction: .stopTransaction(try read(StopTransaction.Confirmation.self))
        case .triggerMessage: .triggerMessage(try read(TriggerMessage.Confirmation.self))
        case .unlockConnector: .unlockConnector(try read(UnlockConnector.Confirmation.self))
        case .updateFirmware: .updateFirmware(try read(UpdateFirmware.Confirmation.self))
        }
    }
}
