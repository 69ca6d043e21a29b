internal import BusSchema
internal import JSON
public import Primitives
public import UplinkCore

/// An uplink over a modem: the machine of the modem, `pppd` on the port for data or the modem's own network interface, and its pins.
///
/// It ends `pppd` when the modem cannot carry data any more, and starts it once after each `dataReady`: more is ordered by the ladder.
public struct ModemCarrier: Carrier {
    public static let kind = "modem"

    private let settings: Settings
    private var modem: ModemMachine
    public private(set) var condition = CarrierCondition(link: .unknown, detail: "not started yet")
    private var isRunning = false
    /// Whether the end of `pppd` is only the way to the next call.
    private var isRedialling = false
    /// Whether `pppd` ends because the modem carries nothing any more: no failure of a call.
    private var isWithdrawn = false
    /// Why it ended last; nil since the last start.
    private var lastExit: PPPExit?
    private var interface: CarrierInterface
    /// What `pppd` said of the call.
    private var log = PPPLog()
    private var isEnding = false
    /// Nil where there is one SIM.
    private var slots: SlotChoice?

    public init(_ settings: Settings) {
        self.settings = settings
        interface = CarrierInterface(settings.interface)
        modem = ModemMachine(settings.modem, memory: nil)
    }

    public var kind: String { Self.kind }
    public var readsInterfaces: Bool { true }
    public var nextDeadline: Deadline? {
        earliest(modem.nextDeadline, slots?.nextDeadline, lastExit?.nextDeadline, interface.route.nextDeadline)
    }

    public var steps: Set<RecoveryStep> {
        var steps: Set<RecoveryStep> = [.redial, .detach, .radio, .modemReset]
        if settings.pulses[Name.powerKey] ?? settings.pulses[Name.resetLine] != nil { steps.insert(.powerKey) }
        if settings.pulses[Name.supply] != nil { steps.insert(.supply) }
        return steps
    }

    public mutating func deadlineReached(at moment: Moment) -> [CarrierEffect] {
        var effects = carryOut(modem.deadlineReached(at: moment), at: moment)
        if let slot = slots?.deadlineReached(at: moment.uptime) {
            let why = modem.shown.trouble.map { "\($0)" } ?? "the preferred SIM is tried again"
            let record = LogRecord(.warning, "the other SIM is used", .init("slot", slot), .init("reason", why))
            effects.append(.log(record))
            effects += tell(.ordered(.switchSIM(slot: slot)), at: moment)
        }
        if lastExit?.isDue(at: moment.uptime) == true {
            lastExit = nil
            effects += tell(.ordered(.connect), at: moment)
        }
        effects += keepRoute(at: moment)
        conclude(at: moment)
        return effects
    }

    public mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        let effects = take(event, at: moment)
        conclude(at: moment)
        return effects
    }

    private mutating func take(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        switch event {
        case .started(let past, let running): return start(past, running, at: moment)
        case .interfacesRead(let readings):
            // The interface of a call is new with each call, and its route goes with it.
            let isNew = interface.take(readings, at: moment.uptime)
            guard isNew, isRunning, settings.modem.connection == .ppp else { return [] }
            interface.route.made(at: moment.uptime)
            return [.addDefaultRoute(interface: interface.name)]
        case .interfaceFound(let name):
            guard settings.interface.isEmpty, interface.name != name else { return [] }
            interface = CarrierInterface(name)
            // The modem was ready before the kernel had its interface.
            return isReady && !isRunning ? startDHCP(at: moment) : []
        case .line(Name.line, let event): return tell(.line(event), at: moment)
        case .childWrote(Name.pppd, let bytes):
            log.take(bytes)
            return []
        case .childEnded(program, let exit): return end(exit, at: moment)
        case .stored: return tell(.stored, at: moment)
        case .storedElsewhere(let uplink, let document):
            if let attempts = ModemPast.attempts(in: document) { modem.learn(attempts, of: uplink) }
            return []
        case .storeFailed(let reason): return tell(.storeFailed(reason: reason), at: moment)
        case .pulsed(Name.simSelect, let isDone):
            return isDone ? tell(.simSelected(slot: slots?.slot ?? 1), at: moment) : []
        case .pulsed(_, let isDone): return isDone ? tell(.powerKeyPressed, at: moment) : []
        case .ordered(let step): return obey(step, at: moment)
        case .terminationRequested:
            isEnding = true
            return []
        case .addressGiven, .interfacesUnreadable, .line, .childWrote, .childEnded, .simulated: return []
        }
    }

    private mutating func start(_ past: CarrierPast, _ running: [String], at moment: Moment) -> [CarrierEffect] {
        let past = ModemPast(past)
        let memory = past.memory
        var effects = past.log.map { CarrierEffect.log($0) }
        modem = ModemMachine(settings.modem, memory: memory, elsewhere: past.elsewhere)
        if past.isToBeStored { effects += carryOut(modem.keep(), at: moment) }
        if settings.hasTwoSIMs {
            slots = SlotChoice(slot: memory?.slot, returnAfter: settings.returnAfter, at: moment.uptime)
        }
        // A line that is let go may have gone back to the first slot: it stands right before anything is asked.
        if let slots, settings.modem.switchesSIMByLine { effects.append(drive(slots.slot)) }
        isRunning = running.contains(program)
        // The only port is in the hands of the program that a process before this one started.
        guard !(isRunning && settings.hasOnePort) else { return effects }
        effects += tell(.ordered(.bringUp), at: moment)
        if isRunning { modem.keepSlot() }
        return effects + [.openLine(Name.line)]
    }

    /// Active is the second slot.
    private func drive(_ slot: Int) -> CarrierEffect { .drive(pin: Name.simSelect, slot == 2) }

    // MARK: - The modem

    private mutating func tell(_ event: ModemEvent, at moment: Moment) -> [CarrierEffect] {
        carryOut(modem.handle(event, at: moment), at: moment)
    }

    private mutating func carryOut(_ effects: [ModemEffect], at moment: Moment) -> [CarrierEffect] {
        effects.flatMap { effect -> [CarrierEffect] in
            switch effect {
            case .line(let order): return [.line(Name.line, order)]
            case .store(let memory): return store(memory, at: moment)
            case .log(let record): return [.log(record)]
            case .report: return []
            case .pressPowerKey(let pulse): return [.pulse(pin: Name.powerKey, pulse)]
            case .dataReady(let context): return dial(context, at: moment)
            case .dataWithdrawn:
                isWithdrawn = isRunning
                return isRunning ? [.endChild(program)] : []
            case .selectSIM(let slot): return [drive(slot)]
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

    // MARK: - Data

    /// What runs while data flows.
    private var program: String { settings.modem.connection == .ppp ? Name.pppd : Name.dhcp }

    private mutating func dial(_ context: DataContext, at moment: Moment) -> [CarrierEffect] {
        lastExit = nil
        guard !isRunning else { return [] }
        guard case .dial(let command) = context.means else { return startDHCP(at: moment) }
        interface.begin(at: moment.uptime)
        isRunning = true
        log = PPPLog()
        let spawn = CarrierEffect.spawn(Name.pppd, arguments: arguments(command, context.profile))
        guard settings.hasOnePort else { return [spawn] }
        return tell(.lineLent, at: moment) + [.closeLine(Name.line), spawn]
    }

    private mutating func startDHCP(at moment: Moment) -> [CarrierEffect] {
        interface.begin(at: moment.uptime)
        isRunning = !settings.dhcpClient.isEmpty && !interface.name.isEmpty
        return isRunning ? [.spawn(Name.dhcp, arguments: settings.dhcpClient + [interface.name])] : []
    }

    /// One that others took away is made anew by whoever made it.
    private mutating func keepRoute(at moment: Moment) -> [CarrierEffect] {
        guard let loss = interface.route.lossIfDue(at: moment.uptime), isRunning, !isEnding else { return [] }
        var effects = loss.log(interface.name)
        if settings.modem.connection == .ppp {
            effects.append(.addDefaultRoute(interface: interface.name))
        } else if loss.hadOne, settings.dhcpRenews {
            effects.append(.renew(program))
        } else if loss.hadOne {
            isWithdrawn = true
            effects.append(.endChild(program))
        }
        return effects
    }

    private var isReady: Bool { settings.modem.connection == .networkInterface && modem.shown.phase == .ready }

    /// Nothing secret stands on a command line, which everybody can read. A shell reads the script before `chat` does: without its quotes the
    /// last word would be sent into the data that has begun.
    private func arguments(_ command: String, _ profile: AccessProfile) -> [String] {
        let script =
            "ABORT 'NO CARRIER' ABORT BUSY ABORT 'NO DIALTONE' ABORT ERROR TIMEOUT 10 '' ATE0 OK '\(command)' TIMEOUT 60 CONNECT '\\c'"
        let secrets = profile.optionsPath.map { ["file", $0] } ?? []
        return settings.pppd + secrets + ["connect", "\(settings.chat) -s -v \(script)"]
    }

    private mutating func end(_ exit: ChildExit, at moment: Moment) -> [CarrierEffect] {
        guard isRunning else { return [] }
        isRunning = false
        interface.end()
        let ended = settings.modem.connection == .ppp ? PPPExit(exit) : PPPExit(ofDHCP: exit)
        var effects: [CarrierEffect] = [
            .log(LogRecord(.notice, "the modem carries no data", .init("reason", ended.words)))
        ]
        if settings.hasOnePort { effects.append(.openLine(Name.line)) }
        guard !isWithdrawn else {
            isWithdrawn = false
            // The modem was ready again before the program had ended.
            return effects + (modem.shown.phase == .ready ? tell(.ordered(.connect), at: moment) : [])
        }
        effects += tell(.dataEnded(reason: ended.words), at: moment)
        guard !isRedialling else {
            isRedialling = false
            return effects + tell(.ordered(.connect), at: moment)
        }
        lastExit = ended.followed(at: moment.uptime)
        // Adopted with the only port, the modem is unknown until now.
        return effects + tell(.ordered(.bringUp), at: moment)
    }

    // MARK: - The ladder

    private mutating func obey(_ step: RecoveryStep, at moment: Moment) -> [CarrierEffect] {
        lastExit = nil
        switch step {
        case .redial:
            guard isRunning else { return tell(.ordered(.connect), at: moment) }
            isRedialling = true
            return [.endChild(program)]
        case .detach: return tell(.ordered(.reattach), at: moment)
        case .radio: return tell(.ordered(.cycleRadio), at: moment)
        case .modemReset: return tell(.ordered(.reset), at: moment)
        case .powerKey:
            return begin(anewBy: settings.pulses[Name.resetLine] == nil ? Name.powerKey : Name.resetLine, at: moment)
        case .supply: return begin(anewBy: Name.supply, at: moment)
        case .hostReboot: return []
        }
    }

    /// So that a modem that is off afterwards has its key pressed once more.
    private mutating func begin(anewBy pin: String, at moment: Moment) -> [CarrierEffect] {
        guard let pulse = settings.pulses[pin] else { return [] }
        let anew = tell(.ordered(.takeDown), at: moment) + tell(.ordered(.bringUp), at: moment)
        return anew + [.pulse(pin: pin, pulse)]
    }
}

// MARK: - Conclusions

extension ModemCarrier {
    private mutating func conclude(at moment: Moment) {
        slots?.observe(modem.shown, at: moment.uptime)
        var conclusion = CarrierCondition(link: .down, detail: "", radio: RadioReport(modem.shown))
        conclusion.interface = interface.name.isEmpty ? nil : interface.name
        conclusion.addressTook = interface.took
        let carries = isRunning || isReady
        if isEnding {
            (conclusion.link, conclusion.detail) = (.unknown, "not watched any more")
        } else if carries, let address = interface.address {
            conclusion.link = .up
            conclusion.address = address.isEmpty ? nil : address
            conclusion.nameServers = log.nameServers
            conclusion.detail = "\(interface.name) has an address\(interface.route.words)"
        } else if let lastExit, modem.shown.trouble?.remedy ?? .recovery == .recovery {
            (conclusion.detail, conclusion.remedy) = (lastExit.words, lastExit.remedy)
        } else if let trouble = modem.shown.trouble {
            // A call that ended because there is no network is no reason for a step either.
            conclusion.detail = "\(trouble)"
            conclusion.remedy = CarrierCondition.Remedy(trouble.remedy)
        } else {
            conclusion.detail = carries ? waiting : modem.shown.phase.words
            // Nothing is known yet, and a restart says nothing of a link that may well be up: whoever uses it just tries.
            let isBeginning = [.idle, .absent, .waking].contains(modem.shown.phase)
            if !carries, isBeginning, condition.link == .unknown { conclusion.link = .unknown }
        }
        condition = conclusion
    }

    private var waiting: String {
        interface.name.isEmpty ? "the modem shows no network interface on its USB port" : "waiting for an address"
    }
}
