internal import Bus
internal import BusSchema
internal import EventLoop
internal import JSON
internal import Primitives

/// The states of one moment, arranged for people.
struct Overview {
    /// All that is shown.
    static let topics = [
        UplinkState.type, LinkState.type, ConnectorStatus.type, QueueState.type, MeterReading.type, ServiceHealth.type,
        ConnectorState.type, ReaderState.type,
    ]

    let states: [String: Session.State]
    let running: Set<ServiceName>
    let directory: RuntimeDirectory
    /// How long the services were listened to.
    let hearing: Duration
    /// When it is shown.
    var now = EventLoop.now()

    func states(of type: String) -> [Session.State] {
        states.values.filter { $0.header.type == type && isRunning($0.header.source) }.sorted { $0.topic < $1.topic }
    }

    private func isRunning(_ service: ServiceName) -> Bool { running.contains(service) }

    private func announcement(of service: ServiceName) -> JSONValue? { announced(service)?.payload }

    private func announced(_ service: ServiceName) -> Session.State? {
        isRunning(service) ? states["\(Announce.type).\(service)"] : nil
    }

    /// Whether what it says is true now. One that is stopped, stuck or held up has a socket, and is silent.
    func answers(_ service: ServiceName) -> Bool { announcement(of: service) != nil }

    private var link: JSONValue? { linkState?.payload }
    private var linkState: Session.State? { states(of: LinkState.type).first }

    var isWell: Bool {
        ServiceName.daemons.allSatisfy(answers) && link?["phase"]?.asString == LinkState.Phase.accepted.rawValue
            && !hasFaults && !hasLosses
    }

    private var queue: JSONValue? { states(of: QueueState.type).first?.payload }

    /// Whether messages may never reach the central system.
    private var hasLosses: Bool {
        (queue?["deadLetters"]?.asInt ?? 0) > 0 || queue?["storageFault"]?.asString != nil
    }

    var lines: [String] {
        ServiceName.daemons.map(serviceLine) + [""] + networkLines + connectorLines + readerLines + queueLines
    }

    private func serviceLine(_ service: ServiceName) -> String {
        let name = padded(service.rawValue, to: 15)
        guard isRunning(service), let announced = announced(service) else {
            let words = Unheard.words(for: service, in: directory, isRunning: isRunning(service), after: hearing)
            return "\(name) \(words)"
        }
        let removed = Unheard.removedSockets(of: service, in: directory)
        let announce = announced.payload
        let version = announce["version"]?.asString ?? "?"
        let pid = announce["pid"]?.asInt ?? 0
        let since = age(of: announce["startedAt"], in: announced.header).map { " for \($0)" } ?? ""
        let simulated = announce["simulated"]?.asBool == true ? ", simulated devices" : ""
        let schema = announce["schemaVersion"]?.asInt ?? 0
        let mismatch =
            schema == BusRegistry.schemaVersion
            ? "" : ", bus schema \(schema) (chargectl: \(BusRegistry.schemaVersion))"
        return
            "\(name) running\(since), version \(version), pid \(pid)\(simulated)\(mismatch)\(health(of: service))"
            + (removed.map { "; services do not find it: \($0)" } ?? "")
    }

    /// What a technician should know of its loop and log; nothing when there is nothing.
    private func health(of service: ServiceName) -> String {
        guard let health = states["\(ServiceHealth.type).\(service)"]?.payload else { return "" }
        var text = ""
        if let turns = health["longTurns"]?.asInt, turns > 0 {
            let longest = (health["longestTurnMicroseconds"]?.asInt ?? 0) / 1000
            let worked = (health["longestTurnWorkedMicroseconds"]?.asInt ?? 0) / 1000
            let during = health["longestTurnReason"]?.asString ?? "?"
            text +=
                ", held up \(turns == 1 ? "once" : "\(turns) times"), up to \(longest) ms (\(worked) ms its own work) during: \(during)"
        }
        if let lines = health["droppedLogLines"]?.asInt, lines > 0 {
            text += ", \(Self.count(lines, "log line")) dropped"
        }
        if let bytes = health["flashBytes"]?.asInt, let syncs = health["flashSyncs"]?.asInt, bytes > 0 {
            text += ", \((bytes + 1023) / 1024) KiB in \(Self.count(syncs, "sync")) written to flash"
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
            let phase = link["phase"]?.asString ?? "?"
            var text = "central system  \(Self.words(for: LinkState.Phase(rawValue: phase)))"
            if let url = link["url"]?.asString, !url.isEmpty { text += ", \(url)" }
            if let error = link["lastError"]?.asString { text += "; \(error)" }
            if let next = link["nextAttemptAt"]?.asInt, let header = linkState?.header {
                let wait = header.untilTime(Int64(next), at: now)
                // None is that far away: a clock was set between.
                if wait > 0, wait < 86_400_000 { text += "; next attempt in \((wait + 999) / 1000) s" }
            }
            if let flaps = link["flaps"]?.asInt, flaps > 1 {
                text +=
                    "; lost soon after connecting \(flaps) times in a row: does another charger have the same identity?"
            }
            if let doubt = link["certificateDoubt"]?.asString { text += "; \(doubt)" }
            if link["passwordRefused"]?.asBool == true {
                text +=
                    "; the password that was set last was refused, an older one is used: chargectl config set AuthorizationKey -"
            }
            lines.append(text)
        }
        return lines
    }

    private var queueLines: [String] {
        guard let queue else { return [] }
        var text = "queue           \(queue["undelivered"]?.asInt ?? 0) undelivered"
        if let dead = queue["deadLetters"]?.asInt, dead > 0 {
            text += ", \(Self.count(dead, "dead letter")) (chargectl queue --dead)"
        }
        if let fault = queue["storageFault"]?.asString { text += "; \(fault)" }
        return [text]
    }

    /// Where the link stands, and what to do where somebody has to do something.
    private static func words(for phase: LinkState.Phase) -> String {
        switch phase {
        case .waitingForUplink: "waits for the network (chargectl net status)"
        case .resolving: "looks the name up"
        case .connecting: "connects"
        case .handshaking: "connects: waits for the answer to the handshake"
        case .booting: "connected, waits for the answer to BootNotification"
        case .pending: "connected, not accepted yet (Pending): release this charger in the central system"
        case .rejected: "connected, and not accepted (Rejected): register this charger in the central system"
        case .closing: "ends the connection"
        case .backingOff: "not connected, tries again"
        case .notConfigured: "not configured: set centralSystem.url in charger.json"
        default: phase.rawValue
        }
    }

    /// A number with its noun.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// How long ago something was that a state tells the time of.
    /// - Parameters:
    ///   - time: Of the wall clock, UTC milliseconds since 1970.
    ///   - header: Of the state that tells it.
    /// - Returns: Words; nil where that cannot be.
    func age(of time: JSONValue?, in header: Header) -> String? {
        guard let milliseconds = time?.asNumber?.asInt64, let age = header.age(ofTime: milliseconds, at: now) else {
            return nil
        }
        let seconds = age / 1000
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
                "announce": announcement(of: service) ?? .null,
            ]
        }
        return [
            "services": .array(services),
            "well": .bool(isWell),
            "link": link ?? .null,
            "uplink": states(of: UplinkState.type).first?.payload ?? .null,
            "connectors": .array(states(of: ConnectorStatus.type).map(\.payload)),
            "hardware": .array(states(of: ConnectorState.type).map(\.payload)),
            "queue": queue ?? .null,
        ]
    }
}
