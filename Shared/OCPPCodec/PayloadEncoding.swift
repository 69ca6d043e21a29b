import OCPP

/// The payload of a CALL as the object that stands in the frame.
struct RequestPayload: Encodable {
    let request: OCPPRequest

    func encode(to encoder: any Encoder) throws {
        switch request {
        case .authorize(let payload): try payload.encode(to: encoder)
        case .bootNotification(let payload): try payload.encode(to: encoder)
        case .cancelReservation(let payload): try payload.encode(to: encoder)
        case .changeAvailability(let payload): try payload.encode(to: encoder)
        case .changeConfiguration(let payload): try payload.encode(to: encoder)
        case .clearCache(let payload): try payload.encode(to: encoder)
        case .clearChargingProfile(let payload): try payload.encode(to: encoder)
        case .dataTransfer(let payload): try payload.encode(to: encoder)
        case .diagnosticsStatusNotification(let payload): try payload.encode(to: encoder)
        case .firmwareStatusNotification(let payload): try payload.encode(to: encoder)
        case .getCompositeSchedule(let payload): try payload.encode(to: encoder)
        case .getConfiguration(let payload): try payload.encode(to: encoder)
        case .getDiagnostics(let payload): try payload.encode(to: encoder)
        case .getLocalListVersion(let payload): try payload.encode(to: encoder)
        case .heartbeat(let payload): try payload.encode(to: encoder)
        case .meterValues(let payload): try payload.encode(to: encoder)
        case .remoteStartTransaction(let payload): try payload.encode(to: encoder)
        case .remoteStopTransaction(let payload): try payload.encode(to: encoder)
        case .reserveNow(let payload): try payload.encode(to: encoder)
        case .reset(let payload): try payload.encode(to: encoder)
        case .sendLocalList(let payload): try payload.encode(to: encoder)
        case .setChargingProfile(let payload): try payload.encode(to: encoder)
        case .startTransaction(let payload): try payload.encode(to: encoder)
        case .statusNotification(let payload): try payload.encode(to: encoder)
        case .stopTransaction(let payload): try payload.encode(to: encoder)
        case .triggerMessage(let payload): try payload.encode(to: encoder)
        case .unlockConnector(let payload): try payload.encode(to: encoder)
        case .updateFirmware(let payload): try payload.encode(to: encoder)
        }
    }
}

/// The payload of a CALLRESULT as the object that stands in the frame.
struct ConfirmationPayload: Encodable {
    let confirmation: OCPPConfirmation

    func encode(to encoder: any Encoder) throws {
        switch confirmation {
        case .authorize(let payload): try payload.encode(to: encoder)
        case .bootNotification(let payload): try payload.encode(to: encoder)
        case .cancelReservation(let payload): try payload.encode(to: encoder)
        case .changeAvailability(let payload): try payload.encode(to: encoder)
        case .changeConfiguration(let payload): try payload.encode(to: encoder)
        case .clearCache(let payload): try payload.encode(to: encoder)
        case .clearChargingProfile(let payload): try payload.encode(to: encoder)
        case .dataTransfer(let payload): try payload.encode(to: encoder)
        case .diagnosticsStatusNotification(let payload): try payload.encode(to: encoder)
        case .firmwareStatusNotification(let payload): try payload.encode(to: encoder)
        case .getCompositeSchedule(let payload): try payload.encode(to: encoder)
        case .getConfiguration(let payload): try payload.encode(to: encoder)
        case .getDiagnostics(let payload): try payload.encode(to: encoder)
        case .getLocalListVersion(let payload): try payload.encode(to: encoder)
        case .heartbeat(let payload): try payload.encode(to: encoder)
        case .meterValues(let payload): try payload.encode(to: encoder)
        case .remoteStartTransaction(let payload): try payload.encode(to: encoder)
        case .remoteStopTransaction(let payload): try payload.encode(to: encoder)
        case .reserveNow(let payload): try payload.encode(to: encoder)
        case .reset(let payload): try payload.encode(to: encoder)
        case .sendLocalList(let payload): try payload.encode(to: encoder)
        case .setChargingProfile(let payload): try payload.encode(to: encoder)
        case .startTransaction(let payload): try payload.encode(to: encoder)
        case .statusNotification(let payload): try payload.encode(to: encoder)
        case .stopTransaction(let payload): try payload.encode(to: encoder)
        case .triggerMessage(let payload): try payload.encode(to: encoder)
        case .unlockConnector(let payload): try payload.encode(to: encoder)
        case .updateFirmware(let payload): try payload.encode(to: encoder)
        }
    }
}
