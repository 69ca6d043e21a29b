import OCPP

/// A status of a connector as StatusNotification reports it, with the time it began.
struct StatusReport: Equatable, Sendable {
    var connectorId: Int
    var status: ChargePointStatus
    var errorCode: ChargePointErrorCode
    var info: String?
    var vendorErrorCode: String?
    var since: EventTime

    /// What else is wrong, as `info` says it beside the one error code of a report; nil when there is nothing else.
    static func others(_ codes: [String]) -> String? {
        codes.isEmpty ? nil : "also " + codes.joined(separator: ", ")
    }

    /// The two say the same to the central system, whenever it began.
    func saysTheSame(as other: StatusReport?) -> Bool {
        guard let other else { return false }
        return connectorId == other.connectorId && status == other.status && errorCode == other.errorCode
            && info == other.info && vendorErrorCode == other.vendorErrorCode
    }
}
