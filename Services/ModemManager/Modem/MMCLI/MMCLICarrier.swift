internal import BusSchema
internal import JSON
public import Primitives
public import UplinkCore

/// An uplink over a modem that belongs to ModemManager: the machine that orders it about by `mmcli`, whatever gives the connection an address, and pins.
public struct MMCLICarrier: Carrier {
    public static let kind = "mmcli"
    /// What `mmcli` runs are called; the other names are those of `ModemCarrier`.
    public static let program = "mmcli"

    /// What is under way on the connection.
    private struct Data: Equatable, Sendable {
        var bearer: MMCLIBearer?
        /// `pppd` or `dhcp`, while it runs.
        var program: String?
        /// Whether it ends because the connection does: no failure.
        var isWithdrawn = false
        /// Of a bearer that names its address.
        var kept: GivenAddress?
        /// Why it ended last; nil since the last start.
        var lastExit: PPPExit?
        var log = PPPLog()
        /// The interface that has an address from us, or from a process before this one.
        var given: String?
    }

    private let settings: Settings
    private var machine: MMCLIMachine
    public private(set) var condition = CarrierCondition(link: .unknown, detail: "not started yet")
    private var interface = CarrierInterface("")
    private var data = Data()
    /// What the run of `mmcli` that is under way has written.
    private var output: [UInt8] = []
    private var isEnding = false

    public init(_ settings: Settings) {
        self.settings = settings
        machine = MMCLIMachine(settings.modem, choice: settings.choice, memory: nil)
    }

    public var kind: String { Self.kind }
    public var readsInterfaces: Bool { true }
    public var nextDeadline: Deadline? {
        earliest(
            machine.nextDeadline,
            data.lastExit?.nextDeadline,
            earliest(data.kept?.nextDeadline, interface.route.nextDeadline)
        )
    }

    public var steps: Set<RecoveryStep> {
        var steps: Set<RecoveryStep> = [.redial, .detach, .radio, .modemReset]
        if resetPin != nil { steps.insert(.powerKey) }
        if settings.pulses[ModemCarrier.Name.supply] != nil { steps.insert(.supply) }
        return steps
    }

    private var resetPin: String? {
        [ModemCarrier.Name.resetLine, ModemCarrier.Name.powerKey].first { settings.pulses[$0] != nil }
    }

    public mutating func deadlineReached(at moment: Moment) -> [CarrierEffect] {
        var effects = carryOut(machine.deadlineReached(at: moment), at: moment)
        if data.lastExit?.isDue(at: moment.uptime) == true {
            data.lastExit = nil
            effects += tell(.ordered(.connect), at: moment)
        }
        effects += data.kept?.giveIfDue(at: moment.uptime) ?? []
        effects += keepRoute(at: moment)
        conclude()
        return effects
    }

    public mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        let effects = take(event, at: moment)
        conclude()
        return effects
    }

    private mutating func take(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        switch event {
        case .addressGiven(let interface):
            if !settings.interfacesOfOthers.contains(interface) { data.given = interface }
            return []
        case .started(let past, let running): return start(past, running, at: moment)
        case .interfacesRead(let readings):
            let isNew = interface.take(readings, at: moment.uptime)
            data.kept?.take(readings, at: moment.uptime)
            guard isNew, data.program == ModemCarrier.Name.pppd else { return [] }
            interface.route.made(at: moment.uptime)
            return [.addDefaultRoute(interface: interface.name)]
        case .childWrote(Self.program, let bytes):
            output += bytes.prefix(MMCLIAnswer.mostBytes - output.count)
            return []
        case .childEnded(Self.program, let exit):
            defer { output = [] }
            return tell(.answered(exit, output), at: moment)
        case .childWrote(ModemCarrier.Name.pppd, let bytes):
            data.log.take(bytes)
            return []
        case .childEnded(let program, let exit): return program == data.program ? end(exit, at: moment) : []
        case .stored: return tell(.stored, at: moment)
        case .storedElsewhere(let uplink, let document):
            if let attempts = ModemPast.attempts(in: document) { machine.pins.learn(attempts, of: uplink) }
            return []
        case .storeFailed(let reason): return tell(.storeFailed(reason: reason), at: moment)
        case .ordered(let step): return obey(step, at: moment)
        case .terminationRequested:
            isEnding = true
            data.kept = nil
            return []
        case .interfacesUnreadable, .interfaceFound, .line, .childWrote, .pulsed, .simulated: return []
        }
    }

    private mutating func start(_ past: CarrierPast, _ running: [String], at moment: Moment) -> [CarrierEffect] {
        let past = ModemPast(past)
        var effects = past.log.map { CarrierEffect.log($0) }
        machine = MMCLIMachine(settings.modem, choice: settings.choice, memory: past.memory, elsewhere: past.elsewhere)
        if past.isToBeStored, let memory = past.memory { effects += store(memory, at: moment) }
        data.program = [ModemCarrier.Name.pppd, ModemCarrier.Name.dhcp].first { running.contains($0) }
        if data.program == ModemCarrier.Name.pppd { interface.name = settings.callInterface }
        return effects + tell(.ordered(.bringUp), at: moment)
    }

    // MARK: - The modem

    private mutating func tell(_ event: MMCLIMachine.Event, at moment: Moment) -> [CarrierEffect] {
        carryOut(machine.handle(event, at: moment), at: moment)
    }

    private mutating func carryOut(_ effects: [MMCLIMachine.Effect], at moment: Moment) -> [CarrierEffect] {
        effects.flatMap { effect -> [CarrierEffect] in
            switch effect {
            case .ask(let command):
                output = []
                return [.run(Self.program, arguments: [settings.mmcli] + command.arguments, within: command.limit)]
            case .store(let memory): return store(memory, at: moment)
            case .log(let record): return [.log(record)]
            case .bearerUp(let bearer): return begin(bearer, at: moment)
            case .bearerGone: return withdraw()
            }
        }
    }

    private mutating func store(_ memory: ModemMemory, at moment: Moment) -> [CarrierEffect] {
        do {
            return [.store(try JSON.encode(memory))]
        } catch {
            return tell(.storeFailed(reason: "\(error)"), at: moment)
        }
    }

    // MARK: - The connection

    private mutating func begin(_ bearer: MMCLIBearer, at moment: Moment) -> [CarrierEffect] {
        (data.bearer, data.kept) = (bearer, nil)
        data.lastExit = nil
        guard foreignInterface == nil else {
            interface = CarrierInterface("")
            return clearAddresses()
        }
        let name = bearer.method == .ppp ? settings.callInterface : bearer.interface ?? ""
        if interface.name != name { interface = CarrierInterface(name) }
        interface.begin(at: moment.uptime)
        let isGiven = bearer.method == .fixed && bearer.address != nil
        let cleared = clearAddresses(except: isGiven ? name : nil)
        // One that was adopted, or that still ends and is followed by the next.
        guard data.program == nil else { return cleared }
        switch bearer.method {
        case .ppp:
            data.log = PPPLog()
            return cleared + run(ModemCarrier.Name.pppd, call(bearer))
        case .fixed: return cleared + configure(bearer, at: moment)
        case .dhcp, nil:
            return settings.dhcpClient.isEmpty
                ? cleared : cleared + run(ModemCarrier.Name.dhcp, settings.dhcpClient + [name])
        }
    }

    /// What ModemManager names as the modem's, and another uplink has: it is let alone.
    private var foreignInterface: String? {
        guard let bearer = data.bearer, bearer.method != .ppp else { return nil }
        return bearer.interface.flatMap { settings.interfacesOfOthers.contains($0) ? $0 : nil }
    }

    private mutating func run(_ program: String, _ arguments: [String]) -> [CarrierEffect] {
        data.program = program
        return [.spawn(program, arguments: arguments)]
    }

    /// ModemManager has dialled already: `pppd` finds the network at the other end. Nothing secret stands on a command line of its.
    private func call(_ bearer: MMCLIBearer) -> [String] {
        let secrets = machine.profile.optionsPath.map { ["file", $0] } ?? []
        return settings.pppd.prefix(1) + ["/dev/\(bearer.interface ?? "")"] + settings.pppd.dropFirst() + secrets
    }

    private mutating func configure(_ bearer: MMCLIBearer, at moment: Moment) -> [CarrierEffect] {
        guard let address = bearer.address, let name = bearer.interface else { return [] }
        data.given = name
        let given = InterfaceAddress(
            address: address,
            prefixLength: bearer.prefixLength ?? 32,
            gateway: bearer.gateway,
            mtu: bearer.mtu
        )
        let kept = GivenAddress(given, to: name, at: moment.uptime)
        data.kept = kept
        return [kept.effect]
    }

    /// Its route goes with it.
    private mutating func clearAddresses(except kept: String? = nil) -> [CarrierEffect] {
        guard let name = data.given, name != kept else { return [] }
        data.given = nil
        return [.clearAddresses(interface: name)]
    }

    /// One that others took away is made anew by whoever made it.
    private mutating func keepRoute(at moment: Moment) -> [CarrierEffect] {
        guard let loss = interface.route.lossIfDue(at: moment.uptime), !isEnding else { return [] }
        var effects = loss.log(interface.name)
        switch data.program {
        case ModemCarrier.Name.pppd?: effects.append(.addDefaultRoute(interface: interface.name))
        case let client? where loss.hadOne && settings.dhcpRenews: effects.append(.renew(client))
        case let client? where loss.hadOne && data.bearer != nil:
            data.isWithdrawn = true
            effects.append(.endChild(client))
        case _?: break
        case nil: if let kept = data.kept { effects.append(kept.effect) }
        }
        return effects
    }

    private mutating func withdraw() -> [CarrierEffect] {
        let bearer = data.bearer
        (data.bearer, data.kept) = (nil, nil)
        if let program = data.program {
            // One that was adopted before anything was known of its connection ends by itself if there is none.
            guard bearer != nil else { return [] }
            data.isWithdrawn = true
            return [.endChild(program)]
        }
        interface.end()
        return clearAddresses()
    }

    private mutating func end(_ exit: ChildExit, at moment: Moment) -> [CarrierEffect] {
        let ended = data.program == ModemCarrier.Name.pppd ? PPPExit(exit) : PPPExit(ofDHCP: exit)
        data.program = nil
        interface.end()
        let record = LogRecord(.notice, "the modem carries no data", .init("reason", ended.words))
        guard !data.isWithdrawn else {
            data.isWithdrawn = false
            // The next connection was there before the program had ended.
            return [.log(record)] + (data.bearer.map { begin($0, at: moment) } ?? [])
        }
        data.lastExit = ended.followed(at: moment.uptime)
        return [.log(record)] + tell(.dataEnded(reason: ended.words), at: moment)
    }

    // MARK: - The ladder

    private mutating func obey(_ step: RecoveryStep, at moment: Moment) -> [CarrierEffect] {
        // Without ModemManager it changes nothing: why the connection ended holds still when that is back.
        if !isServiceAway { data.lastExit = nil }
        switch step {
        case .redial: return tell(.ordered(.connect), at: moment)
        case .detach: return tell(.ordered(.reattach), at: moment)
        case .radio: return tell(.ordered(.cycleRadio), at: moment)
        case .modemReset: return tell(.ordered(.reset), at: moment)
        case .powerKey: return resetPin.map { begin(anewBy: $0, at: moment) } ?? []
        case .supply: return begin(anewBy: ModemCarrier.Name.supply, at: moment)
        case .hostReboot: return []
        }
    }

    private mutating func begin(anewBy pin: String, at moment: Moment) -> [CarrierEffect] {
        guard let pulse = settings.pulses[pin] else { return [] }
        return tell(.ordered(.takeDown), at: moment) + [.pulse(pin: pin, pulse)]
    }

    // MARK: - Conclusions

    private mutating func conclude() {
        var conclusion = CarrierCondition(link: .down, detail: "", radio: RadioReport(machine.shown))
        conclusion.interface = interface.name.isEmpty ? nil : interface.name
        conclusion.addressTook = interface.took
        let carries = data.program != nil || data.bearer != nil && data.lastExit == nil
        if isEnding {
            (conclusion.link, conclusion.detail) = (.unknown, "not watched any more")
        } else if let foreignInterface {
            let words = "as the modem's interface, and another uplink has it"
            conclusion.detail = "ModemManager names \(foreignInterface) \(words)"
            conclusion.remedy = .person
        } else if carries, !data.isWithdrawn, let address = interface.address {
            conclusion.link = .up
            conclusion.address = address.isEmpty ? nil : address
            let told = data.log.nameServers
            conclusion.nameServers = told.isEmpty ? data.bearer?.nameServers ?? [] : told
            // Whoever dialled may be away: that ends nothing that works.
            let doubt = machine.shown.trouble.map { "; \($0)" } ?? ""
            conclusion.detail = "\(interface.name) has an address\(interface.route.words)\(doubt)"
        } else if let lastExit = data.lastExit, !isServiceAway {
            (conclusion.detail, conclusion.remedy) = (lastExit.words, lastExit.remedy)
        } else if let trouble = machine.shown.trouble {
            (conclusion.detail, conclusion.remedy) = ("\(trouble)", CarrierCondition.Remedy(trouble.remedy))
        } else {
            conclusion.detail = carries ? "waiting for an address" : words
            // Nothing is known yet, and a restart says nothing of a link that may well be up: whoever uses it just tries.
            let isBeginning = [.idle, .absent, .identifying].contains(machine.shown.phase)
            if isBeginning, condition.link == .unknown { conclusion.link = .unknown }
        }
        condition = conclusion
    }

    private var isServiceAway: Bool {
        if case .service? = machine.shown.trouble { true } else { false }
    }

    private var words: String {
        switch machine.shown.phase {
        case .idle: "ModemManager is asked for its modem"
        case .absent where machine.isAskingForModem: "ModemManager is asked for its modem"
        case .absent: "ModemManager has no modem yet"
        case .identifying: "ModemManager is asking the modem who it is"
        default: machine.shown.phase.words
        }
    }
}

extension MMCLICarrier {
    public struct Settings: Equatable, Sendable {
        public var modem: ModemSettings
        /// Of the modem to use; nil where any will do.
        public var imei: String?
        /// The folder of `/sys` of the modem to use, as `mmcli -m` tells it; nil where any will do.
        public var device: String?
        /// An absolute path.
        public var mmcli: String
        /// Of `pppd`, where the modem is dialled: `ppp0`.
        public var callInterface: String
        /// `pppd` with all its arguments but the port, beginning with an absolute path.
        public var pppd: [String]
        /// As in `ModemCarrier.Settings`.
        public var dhcpClient: [String]
        /// As in `ModemCarrier.Settings`.
        public var dhcpRenews: Bool
        /// As in `ModemCarrier.Settings`.
        public var pulses: [String: Duration]
        /// That the site's file gives to other uplinks: none of them is the modem's, whatever ModemManager says.
        public var interfacesOfOthers: Set<String>

        public init(
            modem: ModemSettings,
            imei: String? = nil,
            device: String? = nil,
            mmcli: String = "/usr/bin/mmcli",
            callInterface: String = "ppp0",
            pppd: [String] = [],
            dhcpClient: [String] = [],
            dhcpRenews: Bool = true,
            pulses: [String: Duration] = [:],
            interfacesOfOthers: Set<String> = []
        ) {
            self.modem = modem
            self.imei = imei
            self.device = device
            self.mmcli = mmcli
            self.callInterface = callInterface
            self.pppd = pppd
            self.dhcpClient = dhcpClient
            self.dhcpRenews = dhcpRenews
            self.pulses = pulses
            self.interfacesOfOthers = interfacesOfOthers
        }

        var choice: MMCLIMachine.Choice { MMCLIMachine.Choice(imei: imei, device: device) }
    }
}
