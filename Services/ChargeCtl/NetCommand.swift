internal import BusSchema
internal import EventLoop
internal import JSON
internal import Primitives

/// `chargectl net …`: how the charger reaches the network, what happened to that, and how far one gets.
enum NetCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.net)
        switch try arguments.next("status, history or test") {
        case "status": return try status(&arguments, session)
        case "history": return try history(&arguments, session)
        case "test": return try test(&arguments, session)
        case let word: throw UsageError("unknown: net \(word)", usage: Usage.net)
        }
    }

    // MARK: - Status

    private static func status(_ arguments: inout Arguments, _ session: Session) throws -> ExitStatus {
        let asJSON = arguments.flag("--json")
        try arguments.end()
        let running = session.runningServices()
        let states = try session.gatherStates(of: running, topics: [UplinkState.type])
        guard let found = states[UplinkState.type] else { throw session.unheard(.modemManager, running: running) }
        if asJSON {
            Output.json(found.payload)
        } else {
            let state = try JSON.decode(UplinkState.self, from: JSON.write(found.payload))
            let age = found.header.age(ofTime: state.since, at: EventLoop.now())
            for line in NetText.lines(of: state, lasting: age) { Output.line(line) }
        }
        return found.payload["link"]?.asString == UplinkState.Link.up.rawValue ? .done : .notWell
    }

    // MARK: - History

    private static func history(_ arguments: inout Arguments, _ session: Session) throws -> ExitStatus {
        let asJSON = arguments.flag("--json")
        let limit = try arguments.integer("--limit", in: 1...100_000).map { Int($0) } ?? 100
        try arguments.end()
        var entries: [UplinkHistory.Entry] = []
        var request = UplinkHistory(limit: min(limit, 500))
        while entries.count < limit {
            let page = try session.ask(request)
            entries = page.entries + entries
            // A page that does not lead on would be asked for again without end.
            guard let next = page.next, next < request.before ?? .max else { break }
            request.before = next
            request.limit = min(max(limit - entries.count, 1), 500)
        }
        if asJSON {
            for entry in entries { Output.line(String(decoding: try JSON.encode(entry), as: UTF8.self)) }
        } else if entries.isEmpty {
            Output.line("nothing has happened yet")
        } else {
            for line in NetText.story(entries) { Output.line(line) }
        }
        return .done
    }

    // MARK: - Test

    private static func test(_ arguments: inout Arguments, _ session: Session) throws -> ExitStatus {
        let asJSON = arguments.flag("--json")
        let uplink = arguments.next()
        try arguments.end()
        // Name servers and a port that are silent take their time before they are given up.
        let reply = try session.ask(UplinkTest(uplink: uplink), within: .seconds(60))
        if asJSON {
            Output.line(String(decoding: try JSON.encode(reply), as: UTF8.self))
        } else {
            Output.line("over uplink \(reply.uplink):")
            for step in reply.steps { Output.line(NetText.line(step)) }
        }
        return reply.steps.contains { $0.outcome == .failed } ? .notWell : .done
    }
}

/// What `net` says in words. Much of it comes from networks and modems, and steers no terminal.
enum NetText {
    /// - Parameters:
    ///   - state: The newest one.
    ///   - age: How long the link has been what it is, milliseconds; nil where nobody knows.
    /// - Returns: What is shown.
    static func lines(of state: UplinkState, lasting age: Int64?) -> [String] {
        let since = age.map { ", for \(words($0))" } ?? ""
        var lines: [String] = []
        switch state.link {
        case .up: lines.append("the network is reached over \(state.active ?? "?")\(since)")
        case .down: lines.append("no uplink is up\(since)")
        default: lines.append("nothing is known of the uplinks\(since)")
        }
        for uplink in state.uplinks {
            let sign = uplink.name == state.active ? "*" : " "
            lines.append("\(sign) \(uplink.name) (\(uplink.driver)): \(uplink.link), \(uplink.detail)")
            for fact in facts(uplink) { lines.append("    \(fact)") }
        }
        return lines.map(singleLine)
    }

    private static func facts(_ uplink: UplinkState.Uplink) -> [String] {
        var facts: [String] = []
        if let interface = uplink.interface {
            facts.append("interface \(interface)" + (uplink.address.map { ", address \($0)" } ?? ""))
        }
        if let radio = radio(uplink.radio, uplink.signalPercent) { facts.append(radio) }
        if let iccid = uplink.radio?.iccid {
            facts.append("SIM \(iccid)" + (uplink.radio?.imsi.map { ", IMSI \($0)" } ?? ""))
        }
        switch uplink.endToEnd {
        case .reachable?: facts.append("the central system answers")
        case .refused?: facts.append("the network works, the central system does not take the charger")
        case .unreachable?: facts.append("nothing comes back from the central system")
        default: break
        }
        if let step = uplink.lastStep { facts.append("last step to recover it: \(step)") }
        if let bytes = uplink.monthBytes { facts.append("\(megabytes(bytes)) this month") }
        return facts
    }

    private static func radio(_ radio: UplinkRadio?, _ percent: Int?) -> String? {
        var parts: [String] = []
        if let network = radio?.operatorName ?? radio?.operatorCode { parts.append(network) }
        if let technology = radio?.technology { parts.append(technology) }
        if let percent {
            parts.append("signal \(percent) %" + (radio?.signalDbm.map { " (\($0) dBm)" } ?? ""))
        }
        if let cell = radio?.cell { parts.append("cell \(cell)") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private static func megabytes(_ bytes: Int64) -> String { "\(bytes / 1_000_000).\(bytes % 1_000_000 / 100_000) MB" }

    /// Oldest first, a sentence each; after what ended something, how long it had lasted.
    static func story(_ entries: [UplinkHistory.Entry]) -> [String] {
        /// When the link of an uplink became what it is, in its boot, and whether it was up before.
        var links: [String: (kind: UplinkHistory.Kind, boot: String, uptime: Int64, wasUp: Bool)] = [:]
        return entries.map { entry in
            // What a new process finds may have been so for long.
            if entry.kind == .started { links = [:] }
            let key = entry.uplink ?? ""
            let before = links[key].flatMap { $0.boot == entry.bootId ? $0 : nil }
            let wasUp = before.map { $0.kind == .up || $0.wasUp } ?? false
            var line = "\(time(of: entry))  \(sentence(entry, wasUp: wasUp))"
            if [.up, .down, .unknown].contains(entry.kind) {
                if let before, before.kind != entry.kind {
                    let lasted = words(entry.uptime.subtractingClamped(before.uptime))
                    if before.kind == .up { line += "; it had been up for \(lasted)" }
                    if before.kind != .up, before.wasUp { line += "; it had been away for \(lasted)" }
                }
                links[key] = (entry.kind, entry.bootId, entry.uptime, wasUp)
            }
            return singleLine(line)
        }
    }

    private static func time(of entry: UplinkHistory.Entry) -> String {
        if let at = entry.at { return "\(Timestamp(millisecondsSinceEpoch: at))" }
        return "\(words(entry.uptime)) after a start of the machine"
    }

    private static func sentence(_ entry: UplinkHistory.Entry, wasUp: Bool) -> String {
        let name = entry.uplink ?? "no uplink"
        let text: String
        switch entry.kind {
        case .started: text = "modem-manager began to watch"
        case .ended: text = "modem-manager ended"
        case .up: text = "\(name) came up: \(entry.reason)"
        case .down: text = "\(name) \(wasUp ? "went" : "is") down: \(entry.reason)"
        case .unknown: text = "nothing is known of \(name) any more: \(entry.reason)"
        case .detail: text = "\(name): \(entry.reason)"
        case .active: text = entry.uplink.map { "\($0) is in use now" } ?? "no uplink is in use: \(entry.reason)"
        case .health: text = "over \(name) the central system is \(entry.reason)"
        case .step: text = "\(name): \(entry.reason)"
        case .cell: text = "\(name) is in this cell now"
        case .budget: text = "\(name): \(entry.reason)"
        default: text = "\(name): \(entry.kind): \(entry.reason)"
        }
        let facts = [radio(entry.radio, entry.signalPercent), entry.radio?.cause.map { "cause: \($0)" }]
        let known = facts.compactMap { $0 }
        return known.isEmpty ? text : "\(text) [\(known.joined(separator: "; "))]"
    }

    static func line(_ step: UplinkTest.Step) -> String {
        let name = padded(step.name, to: 13)
        guard step.outcome != .skipped else { return singleLine("  \(name) not tried: \(step.detail)") }
        let time = step.milliseconds.map { "\($0) ms" } ?? ""
        return singleLine("  \(name) \(padded(step.outcome.rawValue, to: 8)) \(padded(time, to: 9)) \(step.detail)")
    }

    /// Milliseconds as people say them.
    static func words(_ milliseconds: Int64) -> String {
        let seconds = max(milliseconds, 0) / 1000
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min \(seconds % 60) s"
        case ..<172_800: return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        default: return "\(seconds / 86_400) days \(seconds % 86_400 / 3600) h"
        }
    }
}
