import JSON
import OCPP
public import Primitives

/// Writes exchanges as lines that people read: time, charge point, direction, action, what it said, what it was told.
public struct ConversationWriter: Sendable {
    /// Whether to write ANSI colours.
    public var colours: Bool
    private var nameWidth = 0

    public init(colours: Bool) { self.colours = colours }

    /// One line, without line end. `→` is from the charge point, `←` from the central system.
    public mutating func line(for exchange: Exchange, at time: Timestamp) -> String {
        nameWidth = max(nameWidth, exchange.chargePoint.count + 1)
        let isFromChargePoint = exchange.sender == .chargePoint
        let arrow = isFromChargePoint ? paint("→", .cyan) : paint("←", .magenta)
        let said = Self.payload(exchange.call, 3).map { Words.request(exchange.action, $0) } ?? ""
        var line = paint(clock(time), .dim) + "  " + exchange.chargePoint.padded(to: nameWidth) + arrow + " "
        line += paint(exchange.action.padded(to: 24), .bold) + said.padded(to: 62)
        line += answer(exchange)
        if exchange.duration > .zero { line += paint("  " + Self.milliseconds(exchange.duration), .dim) }
        return line
    }

    /// A line about the connection.
    public mutating func line(_ text: String, of chargePoint: String, at time: Timestamp) -> String {
        nameWidth = max(nameWidth, chargePoint.count + 1)
        return paint(clock(time), .dim) + "  " + chargePoint.padded(to: nameWidth) + paint("· " + text, .dim)
    }

    private func answer(_ exchange: Exchange) -> String {
        switch exchange.answer {
        case .none(let reason):
            return paint(reason, .red)
        case .text(let text):
            guard let frame = (try? JSON.parse(text))?.asArray, frame.count > 2 else {
                return paint("unreadable", .red)
            }
            guard frame[0].asInt == 3 else {
                let description = frame.count > 3 ? frame[3].asString ?? "" : ""
                let code = frame[2].asString ?? "?"
                return paint("CALLERROR \(code)" + (description.isEmpty ? "" : ": \(description)"), .red)
            }
            let words = Words.answer(exchange.action, frame[2])
            return paint(words, Words.isRefusal(frame[2]) ? .yellow : .green)
        }
    }

    private static func payload(_ text: [UInt8], _ index: Int) -> JSONValue? {
        // Charge points may send anything; what is no JSON has no words.
        (try? JSON.parse(text))?.asArray.flatMap { $0.count > index ? $0[index] : nil }
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = duration / .microseconds(1)
        let tenths = Int((microseconds / 100).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }

    private func clock(_ time: Timestamp) -> String { String(time.description.dropFirst(11).prefix(12)) }

    private enum Colour: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case magenta = "35"
        case cyan = "36"
    }

    private func paint(_ text: String, _ colour: Colour) -> String {
        colours && !text.isEmpty ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// Payloads in few words. Fields that need no explaining first; what has no words of its own is written as `name value`.
enum Words {
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
