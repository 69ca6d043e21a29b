internal import BusSchema
internal import JSON

/// Each connector twice: as the gateway reports it, and as hardware-io finds it.
extension Overview {
    var connectorLines: [String] {
        let statuses = statesByConnector(ConnectorStatus.type)
        let told = statuses.mapValues(\.payload)
        let found = byConnector(ConnectorState.type)
        var lines = silences
        for id in Set(told.keys).union(found.keys).sorted() {
            if let status = told[id] { lines.append(gatewayLine(id, status)) }
            if let status = statuses[id], let refusal = status.payload["refusal"] {
                lines.append(refusalLine(refusal, in: status.header))
            }
            if let state = found[id] { lines.append(hardwareLine(id, state, isAlone: told[id] == nil)) }
        }
        return lines
    }

    /// Readers that do not work.
    var readerLines: [String] {
        states(of: ReaderState.type).compactMap { state in
            guard let faults = faults(state.payload) else { return nil }
            return "\(padded("reader \(state.payload["readerId"]?.asInt ?? 0)", to: 15)) \(faults)"
        }
    }

    /// Whether a connector or a reader has a fault.
    var hasFaults: Bool {
        (states(of: ConnectorState.type) + states(of: ReaderState.type)).contains { faults($0.payload) != nil }
            || states(of: ConnectorStatus.type).contains { $0.payload["status"]?.asString == "Faulted" }
    }

    /// What the lines about connectors cannot say now.
    private var silences: [String] {
        var lines: [String] = []
        if !answers(.hardwareIO), answers(.ocppGateway) {
            lines.append("hardware-io does not answer: connectors as the gateway knew them last")
        }
        if !answers(.ocppGateway), answers(.hardwareIO) {
            lines.append("ocpp-gateway does not answer: connectors as hardware-io finds them; nobody renews a permit")
        }
        return lines
    }

    private func byConnector(_ type: String) -> [Int: JSONValue] { statesByConnector(type).mapValues(\.payload) }

    private func statesByConnector(_ type: String) -> [Int: Session.State] {
        var found: [Int: Session.State] = [:]
        for state in states(of: type) {
            if let id = state.payload["connectorId"]?.asInt { found[id] = state }
        }
        return found
    }

    private func gatewayLine(_ id: Int, _ status: JSONValue) -> String {
        let error = status["errorCode"]?.asString.flatMap { $0 == "NoError" ? nil : " (\($0))" } ?? ""
        var text = padded("connector \(id)", to: 15)
        text += " \(status["status"]?.asString ?? "?")\(error)"
        if let explanation = status["explanation"]?.asString, !explanation.isEmpty { text += ": \(explanation)" }
        guard let transaction = status["transaction"] else { return text }
        let isDead = transaction["startIsDeadLetter"]?.asBool == true
        let unknown = isDead ? "refused by the central system for good (chargectl queue --dead)" : "not yet known"
        text += " Transaction \(transaction["transactionId"]?.asInt.map(String.init) ?? unknown)"
        if let start = transaction["meterStartWh"]?.asInt,
            let meter = states["\(MeterReading.type).\(id)"]?.payload["energyWh"]?.asInt
        {
            text += ", \(meter.subtractingReportingOverflow(start).partialValue) Wh"
        }
        return text + "."
    }

    private func refusalLine(_ refusal: JSONValue, in header: Header) -> String {
        let age = age(of: refusal["at"], in: header).map { "\($0) ago: " } ?? ""
        return "\(padded("  refused", to: 15)) \(age)\(refusal["reason"]?.asString ?? "?")"
    }

    /// The words behind a fault that stands in the same line already.
    private func withoutFault(_ reason: String, _ state: JSONValue) -> String {
        let codes = state["faults"]?.asArray?.compactMap(\.asString) ?? []
        guard let code = codes.first(where: { reason.hasPrefix($0 + ": ") }) else { return reason }
        return String(reason.dropFirst(code.count + 2))
    }

    private func hardwareLine(_ id: Int, _ state: JSONValue, isAlone: Bool) -> String {
        var facts = ["pilot \(state["pilot"]?.asString ?? "not read")"]
        facts.append("contactor \(state["contactor"]?.asString ?? "?")")
        if let lock = state["lock"]?.asString, lock != LockState.absent.rawValue { facts.append("lock \(lock)") }
        let limit = state["permit"]?["limitMilliamps"]?.asInt
        let allowed = state["permit"]?["phases"]?.asInt
        facts.append(limit.map { "permit up to \(amperes($0))\(onPhases(allowed))" } ?? "no permit")
        if let offered = state["offeredMilliamps"]?.asInt, offered > 0 {
            facts.append("offers \(amperes(offered))\(onPhases(allowed == nil ? nil : state["phases"]?.asInt))")
        }
        var text = "\(padded(isAlone ? "connector \(id)" : "  hardware", to: 15)) \(facts.joined(separator: ", "))"
        if let faults = faults(state) { text += "; \(faults)" }
        if let reason = state["notChargingBecause"]?.asString { text += "; no energy: \(withoutFault(reason, state))" }
        return text
    }

    /// All of them: the one that is reported to the central system may hide a worse one.
    private func faults(_ state: JSONValue) -> String? {
        let codes = state["faults"]?.asArray?.compactMap(\.asString) ?? []
        return codes.isEmpty ? nil : "faults: \(codes.joined(separator: ", "))"
    }

    /// Only where a permit speaks of phases.
    private func onPhases(_ count: Int?) -> String { count.map { " on \($0) phase\($0 == 1 ? "" : "s")" } ?? "" }

    private func amperes(_ milliamps: Int) -> String {
        let rest = milliamps % 1000 / 100
        return "\(milliamps / 1000)\(rest == 0 ? "" : ".\(rest.magnitude)") A"
    }
}
