import JSON
import OCPP

/// Payloads in few words. Fields that need no explaining first; what has no words of its own is written as `name value`.
enum PayloadWords {
    static func request(_ action: String, _ payload: JSONValue) -> String {
        func text(_ key: String) -> String { scalar(payload[key]) }
        let words: [String]
        switch Action(rawValue: action) {
        case .bootNotification:
            words =
                ["\(text("chargePointVendor")) \(text("chargePointModel"))"]
                + labelled(payload, ["serial": "chargePointSerialNumber", "firmware": "firmwareVersion"])
        case .statusNotification:
            let fault = text("errorCode") == "NoError" ? [] : [text("errorCode")]
            words = ["connector \(text("connectorId")) \(text("status"))"] + fault + labelled(payload, ["": "info"])
        case .authorize:
            words = ["card \(text("idTag"))"]
        case .startTransaction:
            words = ["connector \(text("connectorId"))", "card \(text("idTag"))", "meter \(text("meterStart")) Wh"]
        case .stopTransaction:
            words =
                ["transaction \(text("transactionId"))", "meter \(text("meterStop")) Wh"]
                + labelled(payload, ["": "reason", "card": "idTag"])
        case .meterValues:
            words = labelled(payload, ["transaction": "transactionId"]) + readings(payload)
        default:
            words = fields(payload)
        }
        return cut(words.joined(separator: ", "), at: 60)
    }

    static func answer(_ action: String, _ payload: JSONValue) -> String {
        let words: [String]
        switch Action(rawValue: action) {
        case .bootNotification:
            let isAccepted = payload["status"]?.asString == "Accepted"
            let interval = scalar(payload["interval"])
            words = [
                scalar(payload["status"]), isAccepted ? "heartbeat every \(interval) s" : "again after \(interval) s",
            ]
        case .authorize, .stopTransaction:
            words = info(payload["idTagInfo"])
        case .startTransaction:
            words = info(payload["idTagInfo"]) + ["transaction \(scalar(payload["transactionId"]))"]
        case .getConfiguration:
            let keys = payload["configurationKey"]?.asArray ?? []
            let shown = keys.prefix(3).map { "\(scalar($0["key"])) = \(scalar($0["value"]))" }
            let unknown = (payload["unknownKey"]?.asArray ?? []).prefix(3).map { "\(scalar($0)) unknown" }
            words = shown + (keys.count > 3 ? ["\(keys.count) keys in all"] : []) + unknown
        case .heartbeat:
            words = []
        default:
            words = fields(payload)
        }
        let text = cut(words.joined(separator: ", "), at: 100)
        return text.isEmpty ? "ok" : text
    }

    /// Whether an answer says no, for its colour.
    static func isRefusal(_ payload: JSONValue) -> Bool {
        let status = payload["status"]?.asString ?? payload["idTagInfo"]?["status"]?.asString
        return status.map { !["Accepted", "Unlocked", "Scheduled", "RebootRequired"].contains($0) } ?? false
    }

    private static func info(_ info: JSONValue?) -> [String] {
        guard let info else { return [] }
        return [scalar(info["status"])] + labelled(info, ["group": "parentIdTag"])
    }

    private static func labelled(_ payload: JSONValue, _ labels: KeyValuePairs<String, String>) -> [String] {
        labels.compactMap { label, key in
            payload[key].map { label.isEmpty ? scalar($0) : "\(label) \(scalar($0))" }
        }
    }

    private static func readings(_ payload: JSONValue) -> [String] {
        guard let newest = payload["meterValue"]?.asArray?.last else { return [] }
        return (newest["sampledValue"]?.asArray ?? []).map { reading in
            let phase = reading["phase"].map { " \(scalar($0))" } ?? ""
            return "\(scalar(reading["value"])) \(reading["unit"]?.asString ?? "Wh")\(phase)"
        }
    }

    private static func fields(_ payload: JSONValue) -> [String] {
        (payload.asObject?.members ?? []).map { member in
            member.key == "status" ? scalar(member.value) : "\(member.key) \(scalar(member.value))"
        }
    }

    private static func scalar(_ value: JSONValue?) -> String {
        guard let value else { return "" }
        return value.asString ?? value.description
    }

    private static func cut(_ text: String, at length: Int) -> String {
        text.count <= length ? text : text.prefix(length - 1) + "…"
    }
}
