public import OCPP
import Primitives

/// One message of every kind, with every field and with the required fields only.
public enum OCPPSamples {
    /// Every request with every field.
    public static let fullRequests: [OCPPRequest] = [
        .authorize(.init(idTag: "04A1B2C3D4")),
        .bootNotification(
            .init(
                chargePointVendor: "chargePointVendor",
                chargePointModel: "chargePointModel",
                chargePointSerialNumber: "chargePointSerialNum",
                chargeBoxSerialNumber: "chargeBoxSerialNumbe",
                firmwareVersion: "firmwareVersion",
                iccid: "iccid",
                imsi: "imsi",
                meterType: "meterType",
                meterSerialNumber: "meterSerialNumber"
            )
        ),
        .cancelReservation(.init(reservationId: 7)),
        .changeAvailability(.init(connectorId: 7, type: .operative)),
        .changeConfiguration(.init(key: "key", value: "value")),
        .clearCache(.init()),
        .clearChargingProfile(.init(id: 7, connectorId: 7, chargingProfilePurpose: .txProfile, stackLevel: 7)),
        .dataTransfer(.init(vendorId: "vendorId", messageId: "messageId", data: "{\"näher\": [1, \"\u{1F697}\"]}")),
        .diagnosticsStatusNotification(.init(status: .uploading)),
        .firmwareStatusNotification(.init(status: .installed)),
        .getCompositeSchedule(.init(connectorId: 7, duration: 7, chargingRateUnit: .w)),
        .getConfiguration(.init(key: ["HeartbeatInterval", "Unknown.Key"])),
        .getDiagnostics(
            .init(
                location: "ftp://user:secret@example.org/upload",
                retries: 7,
                retryInterval: 7,
                startTime: moment,
                stopTime: moment
            )
        ),
        .getLocalListVersion(.init()),
        .heartbeat(.init()),
        .meterValues(.init(connectorId: 7, transactionId: 4711, meterValue: OneOrMore(meterValue))),
        .remoteStartTransaction(.init(connectorId: 7, idTag: "04A1B2C3D4", chargingProfile: chargingProfile)),
        .remoteStopTransaction(.init(transactionId: 4711)),
        .reserveNow(
            .init(connectorId: 7, expiryDate: moment, idTag: "04A1B2C3D4", parentIdTag: "group-1", reservationId: 7)
        ),
        .reset(.init(type: .soft)),
        .sendLocalList(.init(listVersion: 12, localAuthorizationList: localList, updateType: .full)),
        .setChargingProfile(.init(connectorId: 7, csChargingProfiles: chargingProfile)),
        .startTransaction(
            .init(connectorId: 7, idTag: "04A1B2C3D4", meterStart: 123456, reservationId: 7, timestamp: moment)
        ),
        .statusNotification(
            .init(
                connectorId: 7,
                errorCode: .weakSignal,
                info: "info",
                status: .faulted,
                timestamp: moment,
                vendorId: "vendorId",
                vendorErrorCode: "vendorErrorCode"
            )
        ),
        .stopTransaction(
            .init(
                idTag: "04A1B2C3D4",
                meterStop: 123456,
                timestamp: moment,
                transactionId: 4711,
                reason: .unlockCommand,
                transactionData: [meterValue, plainMeterValue]
            )
        ),
        .triggerMessage(.init(requestedMessage: .statusNotification, connectorId: 7)),
        .unlockConnector(.init(connectorId: 7)),
        .updateFirmware(
            .init(location: "ftp://user:secret@example.org/upload", retries: 7, retrieveDate: moment, retryInterval: 7)
        ),
    ]

    /// Every request with its required fields only.
    public static let minimalRequests: [OCPPRequest] = [
        .authorize(.init(idTag: "04A1B2C3D4")),
        .bootNotification(.init(chargePointVendor: "chargePointVendor", chargePointModel: "chargePointModel")),
        .cancelReservation(.init(reservationId: 7)),
        .changeAvailability(.init(connectorId: 7, type: .operative)),
        .changeConfiguration(.init(key: "key", value: "value")),
        .clearCache(.init()),
        .clearChargingProfile(.init()),
        .dataTransfer(.init(vendorId: "vendorId")),
        .diagnosticsStatusNotification(.init(status: .uploading)),
        .firmwareStatusNotification(.init(status: .installed)),
        .getCompositeSchedule(.init(connectorId: 7, duration: 7)),
        .getConfiguration(.init()),
        .getDiagnostics(.init(location: "ftp://user:secret@example.org/upload")),
        .getLocalListVersion(.init()),
        .heartbeat(.init()),
        .meterValues(.init(connectorId: 7, meterValue: OneOrMore(meterValue))),
        .remoteStartTransaction(.init(idTag: "04A1B2C3D4")),
        .remoteStopTransaction(.init(transactionId: 4711)),
        .reserveNow(.init(connectorId: 7, expiryDate: moment, idTag: "04A1B2C3D4", reservationId: 7)),
        .reset(.init(type: .soft)),
        .sendLocalList(.init(listVersion: 12, updateType: .full)),
        .setChargingProfile(.init(connectorId: 7, csChargingProfiles: chargingProfile)),
        .startTransaction(.init(connectorId: 7, idTag: "04A1B2C3D4", meterStart: 123456, timestamp: moment)),
        .statusNotification(.init(connectorId: 7, errorCode: .weakSignal, status: .faulted)),
        .stopTransaction(.init(meterStop: 123456, timestamp: moment, transactionId: 4711)),
        .triggerMessage(.init(requestedMessage: .statusNotification)),
        .unlockConnector(.init(connectorId: 7)),
        .updateFirmware(.init(location: "ftp://user:secret@example.org/upload", retrieveDate: moment)),
    ]

    /// Every confirmation with every field.
    public static let fullConfirmations: [OCPPConfirmation] = [
        .authorize(.init(idTagInfo: idTagInfo)),
        .bootNotification(.init(status: .rejected, currentTime: moment, interval: 7)),
        .cancelReservation(.init(status: .rejected)),
        .changeAvailability(.init(status: .scheduled)),
        .changeConfiguration(.init(status: .notSupported)),
        .clearCache(.init(status: .rejected)),
        .clearChargingProfile(.init(status: .unknown)),
        .dataTransfer(.init(status: .unknownVendorId, data: "{\"näher\": [1, \"\u{1F697}\"]}")),
        .diagnosticsStatusNotification(.init()),
        .firmwareStatusNotification(.init()),
        .getCompositeSchedule(
            .init(status: .rejected, connectorId: 7, scheduleStart: moment, chargingSchedule: chargingSchedule)
        ),
        .getConfiguration(.init(configurationKey: keyValues, unknownKey: ["HeartbeatInterval", "Unknown.Key"])),
        .getDiagnostics(.init(fileName: "fileName")),
        .getLocalListVersion(.init(listVersion: 12)),
        .heartbeat(.init(currentTime: moment)),
        .meterValues(.init()),
        .remoteStartTransaction(.init(status: .rejected)),
        .remoteStopTransaction(.init(status: .rejected)),
        .reserveNow(.init(status: .unavailable)),
        .reset(.init(status: .rejected)),
        .sendLocalList(.init(status: .versionMismatch)),
        .setChargingProfile(.init(status: .notSupported)),
        .startTransaction(.init(idTagInfo: idTagInfo, transactionId: 4711)),
        .statusNotification(.init()),
        .stopTransaction(.init(idTagInfo: idTagInfo)),
        .triggerMessage(.init(status: .notImplemented)),
        .unlockConnector(.init(status: .notSupported)),
        .updateFirmware(.init()),
    ]

    /// Every confirmation with its required fields only.
    public static let minimalConfirmations: [OCPPConfirmation] = [
        .authorize(.init(idTagInfo: idTagInfo)),
        .bootNotification(.init(status: .rejected, currentTime: moment, interval: 7)),
        .cancelReservation(.init(status: .rejected)),
        .changeAvailability(.init(status: .scheduled)),
        .changeConfiguration(.init(status: .notSupported)),
        .clearCache(.init(status: .rejected)),
        .clearChargingProfile(.init(status: .unknown)),
        .dataTransfer(.init(status: .unknownVendorId)),
        .diagnosticsStatusNotification(.init()),
        .firmwareStatusNotification(.init()),
        .getCompositeSchedule(.init(status: .rejected)),
        .getConfiguration(.init()),
        .getDiagnostics(.init()),
        .getLocalListVersion(.init(listVersion: 12)),
        .heartbeat(.init(currentTime: moment)),
        .meterValues(.init()),
        .remoteStartTransaction(.init(status: .rejected)),
        .remoteStopTransaction(.init(status: .rejected)),
        .reserveNow(.init(status: .unavailable)),
        .reset(.init(status: .rejected)),
        .sendLocalList(.init(status: .versionMismatch)),
        .setChargingProfile(.init(status: .notSupported)),
        .startTransaction(.init(idTagInfo: idTagInfo, transactionId: 4711)),
        .statusNotification(.init()),
        .stopTransaction(.init()),
        .triggerMessage(.init(status: .notImplemented)),
        .unlockConnector(.init(status: .notSupported)),
        .updateFirmware(.init()),
    ]
}
