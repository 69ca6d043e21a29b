public import JSON
import OCPP
import Primitives

extension Ledger {
    /// Everything, for scripts. The keys are stable.
    public var json: JSONValue {
        var object = JSONObject()
        object["transactions"] = .array(transactions.map(\.json))
        object["open"] = .number(JSONNumber(transactions.count { $0.stop == nil }))
        object["retransmissions"] = .number(JSONNumber(transactions.reduce(0) { $0 + $1.retransmissions }))
        object["violationCount"] = .number(JSONNumber(violationCount))
        object["violations"] = .array(
            violations.map { violation in
                [
                    "kind": .string(violation.kind.rawValue), "chargePoint": .string(violation.chargePoint),
                    "explanation": .string(violation.explanation), "at": .string(violation.at.description),
                ]
            }
        )
        object["received"] = Self.counts(received)
        object["sent"] = Self.counts(sent)
        object["errors"] = Self.counts(errors)
        object["refused"] = Self.counts(refused)
        var connectors = JSONObject()
        for (chargePoint, statuses) in statuses.sorted(by: { $0.key < $1.key }) {
            var object = JSONObject()
            for (connectorId, status) in statuses.sorted(by: { $0.key < $1.key }) {
                object[String(connectorId)] = .string(status.status.rawValue)
            }
            connectors[chargePoint] = .object(object)
        }
        object["statuses"] = .object(connectors)
        return .object(object)
    }

    /// The transactions and what was wrong, for people.
    public var text: String {
        var lines: [String] = []
        let messages = received.values.reduce(0, +)
        lines.append("\(Self.count(messages, "message")) received, \(Self.count(transactions.count, "transaction"))")
        if !transactions.isEmpty {
            lines.append(
                "  id     charge point  connector  idTag                 started              energy       samples  state"
            )
        }
        for transaction in transactions.suffix(50) { lines.append("  " + transaction.line) }
        let repeated = transactions.reduce(0) { $0 + $1.retransmissions }
        if repeated > 0 {
            lines.append("\(Self.count(repeated, "retransmission")) after answers that may not have arrived")
        }
        if violationCount == 0 { lines.append("No violations: no duplicates, all in order, no register ran backwards") }
        if violationCount > 0 { lines.append(Self.count(violationCount, "violation") + ":") }
        for violation in violations.prefix(50) {
            lines.append(
                "  \(violation.at)  \(violation.chargePoint)  \(violation.kind.rawValue): \(violation.explanation)"
            )
        }
        return lines.joined(separator: "\n")
    }

    private static func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }

    private static func counts(_ counts: [String: Int]) -> JSONValue {
        var object = JSONObject()
        for (key, value) in counts.sorted(by: { $0.key < $1.key }) { object[key] = .number(JSONNumber(value)) }
        return .object(object)
    }
}

extension Transaction {
    public var retransmissions: Int { startRetransmissions + sampleRetransmissions + stopRetransmissions }

    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["transactionId"] = .number(JSONNumber(transactionId))
        object["chargePoint"] = .string(chargePoint)
        object["connectorId"] = .number(JSONNumber(start.connectorId))
        object["idTag"] = .string(start.idTag.text)
        object["meterStart"] = .number(JSONNumber(start.meterStart))
        object["startedAt"] = .string(start.timestamp.description)
        if let reservationId = start.reservationId { object["reservationId"] = .number(JSONNumber(reservationId)) }
        if let stop {
            object["meterStop"] = .number(JSONNumber(stop.meterStop))
            object["stoppedAt"] = .string(stop.timestamp.description)
            if let idTag = stop.idTag { object["stopIdTag"] = .string(idTag.text) }
            object["reason"] = .string((stop.reason ?? .local).rawValue)
            object["energyWh"] = .number(JSONNumber(stop.meterStop - start.meterStart))
        }
        object["samples"] = .number(JSONNumber(samples))
        object["startRetransmissions"] = .number(JSONNumber(startRetransmissions))
        object["sampleRetransmissions"] = .number(JSONNumber(sampleRetransmissions))
        object["stopRetransmissions"] = .number(JSONNumber(stopRetransmissions))
        return .object(object)
    }

    fileprivate var line: String {
        let state = stop.map { "stopped: \(($0.reason ?? .local).rawValue)" } ?? "open"
        let energy = energyWh.map { "\($0) Wh" } ?? newestRegisterWh.map { "\(Int($0) - start.meterStart) Wh" } ?? ""
        let columns = [
            ("\(transactionId)", 7), (chargePoint, 14), ("\(start.connectorId)", 11), (start.idTag.text, 22),
            (String(start.timestamp.description.prefix(19)), 21), (energy, 13), ("\(samples)", 9), (state, 0),
        ]
        return columns.map { $0.padded(to: $1) }.joined()
    }
}

extension String {
    /// Filled up with spaces; a text that is longer keeps one space behind it.
    func padded(to width: Int) -> String {
        width == 0 ? self : self + String(repeating: " ", count: max(1, width - count))
    }
}
