internal import Bus
internal import BusSchema
internal import EventLoop
internal import JSON
internal import Primitives

/// `chargectl status`: what a technician asks first, in words.
enum StatusCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.status)
        let asJSON = arguments.flag("--json")
        try arguments.end()
        let running = session.runningServices()
        let states = try session.gatherStates(of: running, topics: Overview.topics)
        let overview = Overview(states: states, running: running, directory: session.directory)
        if asJSON { Output.json(overview.json) } else { overview.lines.forEach(Output.line) }
        return overview.isWell ? .done : .notWell
    }
}

/// The states of one moment, arranged for people.
private struct Overview {
    /// All that is shown.
    static let topics = [
        UplinkState.type, LinkState.type, ConnectorStatus.type, QueueState.type, MeterReading.type, ServiceHealth.type,
    ]

    let states: [String: Session.State]
    let running: Set<ServiceName>
    let directory: RuntimeDirectory

    private func states(of type: String) -> [Session.State] {
        states.values.filter { $0.header.type == type && isRunning($0.header.source) }.sorted { $0.topic < $1.topic }
    }

    private func isRunning(_ service: ServiceName) -> Bool { running.contains(service) }

    private var link: JSONValue? { states(of: LinkState.type).first?.payload }

    var isWell: Bool {
        ServiceName.daemons.allSatisfy(isRunning) && link?["phase"]?.asString == LinkState.Phase.accepted.rawValue
    }

    var lines: [String] {
        ServiceName.daemons.map(serviceLine) + [""] + networkLines + connectorLines + queueLines
    }

    private func serviceLine(_ service: ServiceName) -> String {
        let name = padded(service.rawValue, to: 15)
        guard isRunning(service) else {
            let left = directory.presence(of: service) == .absent ? "never started here" : "its socket is left over"
            return "\(name) not running (\(left))"
        }
        guard let announce = states["\(Announce.type).\(service)"]?.payload else {
            return "\(name) running, says nothing"
        }
        let version = announce["version"]?.asString ?? "?"
        let pid = announce["pid"]?.asInt ?? 0
        let since = announce["startedAt"].map { age(of: $0) } ?? "?"
        let simulated = announce["simulated"]?.asBool == true ? ", simulated devices" : ""
        let schema = announce["schemaVersion"]?.asInt ?? 0
        let mismatch =
            schema == BusRegistry.schemaVersion
            ? "" : ", bus schema \(schema) (chargectl: \(BusRegistry.schemaVersion))"
        return
            "\(name) running for \(since), version \(version), pid \(pid)\(simulated)\(mismatch)\(health(of: service))"
    }

    /// What a technician should know of its loop and log; nothing when there is nothing.
    private func health(of service: ServiceName) -> String {
        guard let health = states["\(ServiceHealth.type).\(service)"]?.payload else { return "" }
        var text = ""
        if let turns = health["longTurns"]?.asInt, turns > 0 {
            let longest = (health["longestTurnMicroseconds"]?.asInt ?? 0) / 1000
            text += ", blocked \(turns) times, up to \(longest) ms by \(health["longestTurnReason"]?.asString ?? "?")"
        }
        if let lines = health["droppedLogLines"]?.asInt, lines > 0 { text += ", \(lines) log lines dropped" }
        if let bytes = health["flashBytes"]?.asInt, let syncs = health["flashSyncs"]?.asInt {
            text += ", \((bytes + 1023) / 1024) KiB in \(syncs) syncs written to flash"
        }
        return text
    }

    private var networkLines: [String] {
        var lines: [String] = []
        if let uplink = states(of: UplinkState.type).first?.payload {
            let active = uplink["active"]?.asString.map { " over \($0)" } ?? ""
            lines.append("uplink          \(uplink["link"]?.asString ?? "?")\(active)")
        }
        if let link {
            var text = "central system  \(link["phase"]?.asString ?? "?"), \(link["url"]?.asString ?? "")"
            if let error = link["lastError"]?.asString { text += "; \(error)" }
            if let next = link["nextAttemptAt"]?.asInt {
                let wait = max(0, Int64(next) - EventLoop.now().utc.millisecondsSinceEpoch)
                text += "; next attempt in \((wait + 999) / 1000) s"
            }
            lines.append(text)
        }
        return lines
    }

    private var connectorLines: [String] {
        states(of: ConnectorStatus.type).map { state in
            let payload = state.payload
            let name = padded("connector \(payload["connectorId"]?.asInt ?? 0)", to: 15)
            let error = payload["errorCode"]?.asString.flatMap { $0 == "NoError" ? nil : " (\($0))" } ?? ""
            var text =
                "\(name) \(payload["status"]?.asString ?? "?")\(error): \(payload["explanation"]?.asString ?? "")"
            if let transaction = payload["transaction"] {
                let id = transaction["transactionId"]?.asInt.map(String.init) ?? "not yet known"
                text += " Transaction \(id)"
                if let start = transaction["meterStartWh"]?.asInt,
                    let meter = states["\(MeterReading.type).\(payload["connectorId"]?.asInt ?? 0)"]?.payload[
                        "energyWh"
                    ]?.asInt
                {
                    text += ", \(meter - start) Wh"
                }
                text += "."
            }
            return text
        }
    }

    private var queueLines: [String] {
        guard let queue = states(of: QueueState.type).first?.payload else { return [] }
        var text = "queue           \(queue["undelivered"]?.asInt ?? 0) undelivered"
        if let dead = queue["deadLetters"]?.asInt, dead > 0 {
            text += ", \(dead) dead letters (chargectl call ocpp.resend)"
        }
        if let fault = queue["storageFault"]?.asString { text += "; \(fault)" }
        return [text]
    }

    private func age(of startedAt: JSONValue) -> String {
        let start = Timestamp(millisecondsSinceEpoch: startedAt.asNumber?.asInt64 ?? 0)
        let seconds = EventLoop.now().utc.duration(since: start).wholeSeconds
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h"
        default: return "\(seconds / 86_400) days"
        }
    }

    var json: JSONValue {
        let services = ServiceName.daemons.map { service -> JSONValue in
            [
                "service": .string(service.rawValue),
                "running": .bool(isRunning(service)),
                "announce": isRunning(service) ? states["\(Announce.type).\(service)"]?.payload ?? .null : .null,
            ]
        }
        return [
            "services": .array(services),
            "well": .bool(isWell),
            "link": link ?? .null,
            "uplink": states(of: UplinkState.type).first?.payload ?? .null,
            "connectors": .array(states(of: ConnectorStatus.type).map(\.payload)),
            "queue": states(of: QueueState.type).first?.payload ?? .null,
        ]
    }
}
