public import Primitives

/// Brings one modem up, watches over it, and does with it what the ladder orders.
///
/// It asks one question after the other (`Question`). The questions of a phase are asked in order; what comes next is decided when all are
/// answered. A question without an answer ends them: when the modem listens again, the phase begins anew.
public struct ModemMachine: Equatable, Sendable {
    /// How long a port may take to appear before the modem counts as off.
    public static let portPatience = Duration.seconds(60)
    /// How long a registration must hold before it is believed: some modems say the old one for a moment after they start.
    public static let stability = Duration.seconds(5)
    /// How long a registration may be gone before data is given up: cells change.
    public static let lossPatience = Duration.seconds(60)
    /// How long the radio is off when it is cycled.
    public static let radioPause = Duration.seconds(10)
    public static let searchInterval = Duration.seconds(10)
    public static let watchInterval = Duration.seconds(30)
    /// Between two looks at what only a person can mend.
    public static let personInterval = Duration.seconds(300)
    /// Before the network that refused is asked once more: it takes offence at more.
    static let refusalPauses: [Duration] = [.seconds(900), .seconds(1800), .seconds(3600)]
    /// How often, a second apart, a SIM that is starting is asked.
    static let busyLimit = 20
    /// Questions without an answer in a row, each followed by one with, before a phase counts as failed.
    static let silenceLimit = 3

    enum Timer: String, DeadlineName {
        case port = "the port of the modem is overdue"
        case step = "the modem is asked again"
        case stable = "the registration has held long enough"
        case loss = "the registration has been gone too long"
        case radio = "the radio is switched on again"
        case refusal = "a network that refused is asked again"
    }

    /// What is being asked.
    struct Dialogue: Equatable, Sendable {
        var outstanding: Question?
        var plan: [Question] = []
        /// The phase that follows the plan; nil for what the present phase says.
        var then: ModemPhase?
        /// What was asked and will be answered when nobody waits for it any more, oldest first.
        var stale: [Question] = []
    }

    /// What is remembered within a bring-up.
    struct Progress: Equatable, Sendable {
        var hasPressedKey = false
        var isSetUp = false
        var isLent = false
        /// The port is being opened anew because the modem is silent, while data may flow over another one.
        var isReopening = false
        var needsPIN = false
        var hasSelectedSlot = false
        var isAttached = false
        var hasBearer = false
        var busy = 0
        var refusals = 0
        var silences = 0
    }

    /// What others are told.
    struct Told: Equatable, Sendable {
        var report: ModemReport
        /// What that shows: it is made when there is something else to show.
        var source: ModemReport
        /// Found wherever a modem repeats them.
        let secrets: ToldSecrets
    }

    /// What waits for the disk.
    struct Storing: Equatable, Sendable {
        /// Whether the PIN is to be tried as soon as everything is on disk.
        var holdsPIN = false
        /// Stores that are not answered yet, oldest first: only the answer to the last one says that the memory of now is on disk.
        var unanswered = 0
    }

    let settings: ModemSettings
    var family: ModemFamily
    var pins: PINGate
    /// As it is: what is decided is decided by this.
    var report = ModemReport()
    var told: Told
    var engine = ATEngine()
    var dialogue = Dialogue()
    var watch = RegistrationWatch()
    var progress = Progress()
    var storing = Storing()
    var deadlines = Deadlines<Timer>()
    var isWanted = false

    /// - Parameters:
    ///   - settings: of the site.
    ///   - memory: what the last `.store` said; nil where nothing was ever stored.
    ///   - elsewhere: attempts that other uplinks remember, by their names.
    public init(_ settings: ModemSettings, memory: ModemMemory?, elsewhere: [String: [ModemMemory.Attempt]] = [:]) {
        self.settings = settings
        pins = PINGate(memory, elsewhere: elsewhere)
        family = ModemFamily.all.first { $0.name == settings.family } ?? .generic
        report.sim.slot = memory?.slot
        told = Told(report: report, source: report, secrets: settings.secrets)
    }

    /// What may be shown of the report; secrets are nowhere in it.
    public var shown: ModemReport { told.report }

    /// All attempts that another uplink remembers now.
    mutating func learn(_ attempts: [ModemMemory.Attempt], of uplink: String) { pins.learn(attempts, of: uplink) }

    /// A call that lives is not to be ended only to choose the SIM that it uses already.
    mutating func keepSlot() { progress.hasSelectedSlot = true }

    /// That of the SIM in use.
    var pin: Secret? { pins.memory.slot == 2 ? settings.secondPIN : settings.pin }

    /// What belongs to the SIM in use.
    public var profile: AccessProfile {
        settings.access.profile(iccid: report.sim.iccid, imsi: report.sim.imsi)
    }
}

extension ModemMachine: Machine {
    public var nextDeadline: Deadline? { earliest(deadlines.next, engine.nextDeadline) }

    public mutating func handle(_ event: ModemEvent, at moment: Moment) -> [ModemEffect] {
        let effects: [ModemEffect]
        switch event {
        case .line(let line): effects = take(line, at: moment)
        case .lineLent:
            progress.isLent = true
            effects = absorb(engine.handle(.line(.closed(reason: "lent")), at: moment), at: moment)
        case .ordered(let order): effects = obey(order, at: moment)
        case .stored: effects = goOnStored(at: moment)
        case .storeFailed(let reason):
            let holdsPIN = storing.holdsPIN
            storing.unanswered = max(0, storing.unanswered - 1)
            dropPIN()
            effects = holdsPIN ? fail(.storage(reason: reason), again: .seconds(60), at: moment) : []
        case .powerKeyPressed:
            deadlines.set(.port, at: moment.uptime + Self.portPatience)
            effects = []
        case .simSelected: effects = isSelecting ? enter(.preparing, at: moment) : []
        case .dataEnded(let reason):
            report.cause = String(reason.prefix(1000))
            let canAsk = report.phase == .ready && !progress.isLent
            effects = canAsk ? askOn([.cause], at: moment) : []
        }
        return effects + announce(at: moment)
    }

    public mutating func deadlineReached(at moment: Moment) -> [ModemEffect] {
        var effects: [ModemEffect] = []
        if let due = engine.nextDeadline, due.isDue(at: moment.uptime) {
            effects += absorb(engine.deadlineReached(at: moment), at: moment)
        }
        while let timer = deadlines.popDue(at: moment.uptime) {
            switch timer {
            case .port: effects += missPort(at: moment)
            case .step: effects += resume(at: moment)
            case .stable: effects += believe(at: moment)
            case .loss:
                effects += withdraw("the network is gone")
                effects += beginAnew(at: moment)
            case .radio:
                progress.isSetUp = false
                effects += askOn([.radioOn], then: .identifying, at: moment)
            case .refusal:
                progress.refusals += 1
                effects += askOn([.searchAgain], then: .registering, at: moment)
            }
        }
        return effects + announce(at: moment)
    }

    /// The report, where it has changed; the log hears of phases and troubles alone.
    private mutating func announce(at moment: Moment) -> [ModemEffect] {
        report.progress.observe(report.phase, at: moment.uptime)
        guard report != told.source else { return [] }
        told.source = report
        let before = shown
        told.report = report.showable(hiding: told.secrets)
        guard shown != before else { return [] }
        guard shown.phase != before.phase || shown.trouble != before.trouble else { return [.report(shown)] }
        var record = LogRecord(.notice, "modem", .init("phase", shown.phase.rawValue))
        if let trouble = shown.trouble { record.fields.append(.init("trouble", trouble)) }
        if let percent = shown.signal.percent { record.fields.append(.init("signalPercent", percent)) }
        return [.log(record), .report(shown)]
    }
}

// MARK: - Orders

extension ModemMachine {
    private mutating func obey(_ order: ModemOrder, at moment: Moment) -> [ModemEffect] {
        switch order {
        case .bringUp:
            guard !isWanted else { return [] }
            isWanted = true
            progress = Progress()
            silenceDialogue()
            if engine.isAttentive { return enter(.identifying, at: moment) }
            report.phase = .absent
            deadlines.set(.port, at: moment.uptime + Self.portPatience)
            return []
        case .takeDown:
            let hadBearer = progress.hasBearer && report.phase == .ready
            let effects = stop("not wanted any more")
            (isWanted, report.phase, report.trouble) = (false, .idle, nil)
            return effects + (hadBearer ? askOn([.interfaceDown], at: moment) : [])
        case .connect: return connect(at: moment)
        // Nobody is there to be told; that there is no port is what stays to be said.
        case .reattach where report.phase == .absent, .cycleRadio where report.phase == .absent: return []
        case .reattach:
            let effects = stop("the packet network is left")
            let isOpen = report.sim.state == .ready
            report.phase = .attaching
            return effects + askOn([.detach, .attach], then: isOpen ? .registering : .identifying, at: moment)
        case .cycleRadio:
            let effects = stop("the radio is switched off")
            report.phase = .preparing
            return effects + askOn([.radioOff], at: moment)
        case .reset:
            let effects = stop("the modem is started anew")
            report.phase = .waking
            return effects + askOn([.restart], at: moment)
        case .powerOff:
            let effects = stop("the modem is switched off")
            (isWanted, report.phase, report.trouble) = (false, .idle, nil)
            return effects + askOn([.powerOff], at: moment)
        case .switchSIM(let slot):
            let effects = stop("the SIM is changed")
            pins.memory.slot = slot
            return effects + [store()] + select(slot, at: moment)
        }
    }

    private mutating func connect(at moment: Moment) -> [ModemEffect] {
        guard report.phase == .ready else { return [] }
        guard settings.connection == .networkInterface else { return [.dataReady(dataContext)] }
        report.phase = .attaching
        deadlines.clear(.step)
        return askOn([.interfaceDown, .attachment], at: moment)
    }

    var dataContext: DataContext {
        switch settings.connection {
        case .ppp: DataContext(means: .dial(command: "ATD*99***1#"), profile: profile)
        case .networkInterface: DataContext(means: .networkInterface, profile: profile)
        }
    }

    /// All the way, with its settings and the card: a modem on a serial port may have started anew, and its port says nothing of that.
    private mutating func beginAnew(at moment: Moment) -> [ModemEffect] {
        progress.isSetUp = false
        return enter(.identifying, at: moment)
    }

    /// Ends whatever is being done, so that an order can begin.
    private mutating func stop(_ reason: String) -> [ModemEffect] {
        let effects = withdraw(reason)
        silenceDialogue()
        for timer in [Timer.step, .stable, .loss, .radio, .refusal] { deadlines.clear(timer) }
        watch.forget()
        dropPIN()
        return effects
    }

    mutating func store() -> ModemEffect {
        storing.unanswered += 1
        return .store(pins.memory)
    }

    /// An attempt that waits for the disk is not wanted any more.
    mutating func dropPIN() {
        if storing.holdsPIN { _ = pins.takeBack(pin, on: card) }
        storing.holdsPIN = false
    }

    /// What is to be known from the beginning on by the process after this one.
    mutating func keep() -> [ModemEffect] { [store()] }

    mutating func silenceDialogue() {
        if let question = dialogue.outstanding { dialogue.stale.append(question) }
        dialogue = Dialogue(stale: dialogue.stale)
    }

    /// Data that was allowed is so no more.
    mutating func withdraw(_ reason: String) -> [ModemEffect] {
        guard report.phase == .ready else { return [] }
        progress.isLent = false
        return [.dataWithdrawn(reason: reason)]
    }

    mutating func select(_ slot: Int, at moment: Moment) -> [ModemEffect] {
        progress.hasSelectedSlot = true
        report.sim = SIMReport()
        report.sim.slot = slot
        report.phase = .preparing
        if settings.switchesSIMByLine { return askOn([.everythingOff], at: moment) }
        guard family.selectSlot[slot] != nil else {
            let trouble = ModemTrouble.commandFailed(
                command: "SIM \(slot)",
                cause: "\(family.name) modems have no command"
            )
            return fail(trouble, again: Self.personInterval, at: moment)
        }
        return askOn([.everythingOff, .slot(slot), .radioOn], then: .unlocking, at: moment)
    }
}
