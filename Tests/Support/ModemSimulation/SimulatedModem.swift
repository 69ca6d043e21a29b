/// A cellular modem at the other end of a line, in virtual time: what it is told and answers, its SIM, and a network that can be good or bad.
///
/// It is judged by hosts that know nothing of us (ModemManager, `gammu`, `chat`: `Tests/Integration/test_modem_simulator.py`) before
/// our own machine is judged by it.
public struct SimulatedModem: Sendable {
    public enum Effect: Equatable, Sendable {
        /// Through the port with that number, from 0.
        case send([UInt8], port: Int)
        /// Out of a call into the network.
        case carry([UInt8])
        /// Its port disappears, as on USB, and comes back.
        case unplug, plug
    }

    /// One PIN that it was given.
    public struct PINAttempt: Equatable, Sendable {
        public let iccid: String
        public let pin: String
        public let wasRight: Bool
        public let triesBefore: Int
    }

    public var identity = SimulatedIdentity()
    /// By slot, counted from 1.
    public var sims = [1: SimulatedSIM()]
    public var slot = 1
    public var network = SimulatedNetwork()
    public var faults = SimulatedFaults()
    var terminal = TerminalState()
    /// One for commands and one for calls, as many modems have them on USB.
    private var ports = [PortState(), PortState()]
    /// The port whose command is being answered.
    private var current = 0
    public private(set) var pinAttempts: [PINAttempt] = []
    /// Every command line that it took, newest last, the last 5000 at least.
    public private(set) var commands: [String] = []
    private var now = Duration.zero
    /// When it is back after a reset; nil when it is there.
    private var returnsAt: Duration?

    public init() {}

    /// The card in use; nil where the slot is empty.
    public var sim: SimulatedSIM? {
        get { sims[slot] }
        set { sims[slot] = newValue }
    }

    var port: PortState {
        get { ports[current] }
        set { ports[current] = newValue }
    }

    /// Whether a call carries data.
    public var isInCall: Bool { ports.contains(where: \.isInCall) }
    public var isPlugged: Bool { returnsAt == nil }

    public var nextDeadline: Duration? { [returnsAt, searchEnds].compactMap { $0 }.min() }

    // MARK: - Time

    /// What happens until `time`.
    public mutating func advance(to time: Duration) -> [Effect] {
        now = max(now, time)
        var effects: [Effect] = []
        if let due = returnsAt, due <= now {
            returnsAt = nil
            effects.append(.plug)
            if isPlugged { effects += say("RDY") }
        }
        return effects + announceRegistration()
    }

    /// A person, or the power supply: everything begins anew.
    public mutating func powerCycle(for duration: Duration, at time: Duration) -> [Effect] {
        now = max(now, time)
        return restart(for: duration)
    }

    mutating func restart(for duration: Duration) -> [Effect] {
        terminal = TerminalState()
        ports = [PortState(), PortState()]
        for index in sims.keys { sims[index]?.isUnlocked = false }
        faults.isMute = false
        returnsAt = now + duration
        beginSearch()
        return [.unplug]
    }

    /// Every change of what it needs for a network makes it look for one anew.
    mutating func beginSearch() { terminal.searchBegan = now }

    mutating func beginSearch(at time: Duration) {
        now = max(now, time)
        beginSearch()
    }

    private var searchEnds: Duration? {
        guard canSearch, !network.isGone, !network.refuses else { return nil }
        let end = terminal.searchBegan + network.searchDuration
        return end > now ? end : nil
    }

    private var canSearch: Bool { terminal.function == 1 && sim?.isOpen == true && isPlugged }

    /// `<stat>` of 3GPP TS 27.007 §10.1.22.
    var registration: Int {
        guard canSearch else { return 0 }
        if network.isGone { return 2 }
        if network.refuses { return 3 }
        guard searchEnds == nil else { return 2 }
        return network.isForeign ? 5 : 1
    }

    /// Something about card or network was changed from outside.
    public mutating func touched(at time: Duration) -> [Effect] {
        now = max(now, time)
        return announceRegistration()
    }

    private mutating func announceRegistration() -> [Effect] {
        let registration = registration
        guard registration != terminal.announced else { return [] }
        terminal.announced = registration
        if registration != 1, registration != 5 { terminal.isAttached = false }
        var effects: [Effect] = []
        for domain in ["CREG", "CGREG", "CEREG"] where terminal.news[domain, default: 0] > 0 {
            effects += say("+\(domain): \(place(domain))")
        }
        return effects
    }

    func place(_ domain: String) -> String {
        let isRegistered = registration == 1 || registration == 5
        guard isRegistered, terminal.news[domain, default: 0] > 1 else { return "\(registration)" }
        return "\(registration),\"\(network.area)\",\"\(network.cell)\",\(network.technology)"
    }

    // MARK: - Bytes

    public mutating func receive(_ bytes: [UInt8], on number: Int = 0, at time: Duration) -> [Effect] {
        now = max(now, time)
        guard isPlugged, ports.indices.contains(number) else { return [] }
        current = number
        var effects: [Effect] = []
        if port.isInCall {
            guard bytes == Array("+++".utf8) else { return network.isSilent ? [] : [.carry(bytes)] }
            port.isInCall = false
            return reply("OK")
        }
        for byte in bytes {
            if port.echo, !faults.isMute { effects.append(.send([byte], port: current)) }
            switch byte {
            case 0x0D:
                let text = String(decoding: port.line, as: UTF8.self)
                port.line = []
                effects += take(text)
            case 0x0A, 0x1B: continue
            case 0x08: if !port.line.isEmpty { port.line.removeLast() }
            default: if port.line.count < 2048 { port.line.append(byte) }
            }
        }
        return effects
    }

    private mutating func take(_ text: String) -> [Effect] {
        guard !faults.isMute else { return [] }
        let trimmed = text.drop { $0 == " " }
        guard trimmed.uppercased().hasPrefix("AT") else { return [] }
        commands.append(String(trimmed))
        if commands.count > 6000 { commands.removeFirst(1000) }
        var lines: [String] = []
        var final = "OK"
        var effects = flood()
        for command in Self.split(String(trimmed.dropFirst(2))) {
            switch answer(command) {
            case .lines(let more): lines += more
            case .final(let text): final = text
            case .restart(let duration):
                effects += reply("OK")
                return effects + restart(for: duration)
            case .leave(let duration): return effects + restart(for: duration)
            }
            if final != "OK" { break }
        }
        effects += reply(final, after: lines)
        return effects + announceRegistration()
    }

    private func flood() -> [Effect] {
        (0..<faults.linesBeforeEachAnswer).flatMap { _ in say("+QIND: \"csq\",\(network.rssi),99") }
    }

    private mutating func reply(_ final: String, after lines: [String] = []) -> [Effect] {
        let text: String
        if port.words {
            text = (lines + [final]).map { "\r\n\($0)\r\n" }.joined()
        } else {
            let codes = ["OK": "0", "NO CARRIER": "3", "ERROR": "4"]
            text = lines.map { "\($0)\r\n" }.joined() + (codes[final] ?? final) + "\r"
        }
        var bytes = Array(text.utf8)
        if let count = faults.cutsNextAnswerAfter {
            faults.cutsNextAnswerAfter = nil
            bytes = Array(bytes.prefix(count))
        }
        return bytes.isEmpty ? [] : [.send(bytes, port: current)]
    }

    /// A line of its own accord, on the port for commands.
    public func say(_ line: String) -> [Effect] {
        guard isPlugged, !faults.isMute, !ports[0].isInCall else { return [] }
        return [.send(Array("\r\n\(line)\r\n".utf8), port: 0)]
    }

    /// The network takes the address back.
    public mutating func dropBearer() { terminal.hasBearer = false }

    /// The packet network has lost it.
    public mutating func leavePacketNetwork() { terminal.isAttached = false }

    /// What the network sends into the call; lost where there is none.
    public func fromNetwork(_ bytes: [UInt8]) -> [Effect] {
        guard isPlugged, !network.isSilent, let number = ports.firstIndex(where: \.isInCall) else { return [] }
        return [.send(bytes, port: number)]
    }

    /// The network ends the call.
    public mutating func dropCall() -> [Effect] {
        let calling = ports.indices.filter { ports[$0].isInCall }
        for number in calling { ports[number].isInCall = false }
        return calling.map { .send(Array("\r\nNO CARRIER\r\n".utf8), port: $0) }
    }

    mutating func enter(_ pin: String) -> Answer {
        guard var card = sim else { return error(10) }
        guard !card.isOpen, let right = card.pin else { return error(3) }
        guard card.triesLeft > 0 else { return error(12) }
        let isRight = pin == right
        let attempt = PINAttempt(iccid: card.iccid, pin: pin, wasRight: isRight, triesBefore: card.triesLeft)
        pinAttempts.append(attempt)
        if faults.leavesAtPIN { return .leave(.seconds(3)) }
        if faults.takesPINInVain { return .lines([]) }
        card.isUnlocked = isRight
        card.triesLeft = isRight ? 3 : card.triesLeft - 1
        if faults.opensForAMoment { card.falseAnswers = 1 }
        sim = card
        if isRight { beginSearch() }
        if faults.opensForAMoment { return .lines([]) }
        return isRight ? .lines([]) : error(card.triesLeft == 0 ? 12 : 16)
    }

    /// At semicolons outside of quotation marks (V.250 §5.4.3); basic commands (`E0V1`) stand alone here.
    private static func split(_ text: String) -> [String] {
        var parts = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ";", !isQuoted { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts.filter { !$0.isEmpty || parts.count == 1 }
    }
}
