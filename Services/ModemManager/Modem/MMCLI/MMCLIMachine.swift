internal import JSON
internal import Primitives
internal import UplinkCore

/// Brings a modem up that belongs to ModemManager, watches over it, and does with it what the ladder orders: by runs of `mmcli`, one at a time.
///
/// It looks, decides by the state that ModemManager gives the modem, orders the next thing, and looks again. Looking costs some runs of a small program
/// every 30 s while data flows. D-Bus itself would tell changes at once, and would be one more protocol to speak for it: what counts between two
/// looks, an end of `pppd` or of an interface and silence of the network, is noticed by others.
struct MMCLIMachine: Equatable, Sendable {
    /// Which modem of ModemManager's; nil members do not matter. Without any the first one that it names.
    struct Choice: Equatable, Sendable {
        var imei: String?
        /// A folder of `/sys`, as `mmcli -m` tells it.
        var device: String?

        func fits(_ modem: MMCLIModem) -> Bool {
            (imei == nil || imei == modem.identity.imei) && (device == nil || device == modem.device)
        }
    }

    enum Event: Equatable, Sendable {
        case answered(ChildExit, [UInt8])
        case ordered(ModemOrder)
        case stored
        case storeFailed(reason: String)
        /// Whoever used the bearer does so no more.
        case dataEnded(reason: String)
    }

    enum Effect: Equatable, Sendable {
        /// Answered by `answered`; none comes before that.
        case ask(MMCLICommand)
        case store(ModemMemory)
        case log(LogRecord)
        /// There is a connection. Told once for each, and again when what is known of it changes.
        case bearerUp(MMCLIBearer)
        case bearerGone(reason: String)
    }

    enum Timer: String, DeadlineName {
        case look = "ModemManager is asked for its modem"
        case pace = "mmcli may be run again for the same"
        case missing = "ModemManager is still without the modem"
    }

    /// Whether it was read which card there is. A locked one tells no IMSI; one that was open may have made place for another that is locked.
    enum SIMReading: Equatable, Sendable {
        case none, locked, open
        /// It was locked, and its PIN was taken.
        case opening
    }

    /// What is known of the modem under its present path.
    struct Known: Equatable, Sendable {
        var path: String
        var sim: String?
        var isLocked = false
        var reading = SIMReading.none
        var mayMeasureSignal = true
        var isMeasuringSignal = false
        var mayAskPlace = true
        /// Whether it was ordered to switch its radio on, and has not been seen with it on since.
        var isToBeOn = false
    }

    /// What is being asked.
    struct Dialogue: Equatable, Sendable {
        struct Unanswered: Equatable, Sendable {
            var command: MMCLICommand
            var words: String
        }

        var outstanding: MMCLICommand?
        /// An order that nothing answered, until the next question tells whether ModemManager answers at all.
        var unanswered: Unanswered?
        var plan: [MMCLICommand] = []
        /// Modems that have not been looked at, where one is searched for.
        var candidates: [String] = []
        /// It takes the place of the plan as soon as the outstanding command is answered.
        var order: ModemOrder?
        /// How long after the plan the next look is.
        var pause = MMCLIMachine.quickly
        var pace = MMCLIPace()
        /// Why ModemManager took an order of ours not at all, until it takes one.
        var refusal: String?
    }

    /// What waits for the disk.
    enum Unlocking: Equatable, Sendable {
        case no, waits(MMCLICommand)
    }

    /// While something is under way that ends soon.
    static let quickly = Duration.seconds(2)
    static let whileSearching = Duration.seconds(10)
    static let whileWell = Duration.seconds(30)
    static let whilePersonIsNeeded = Duration.seconds(60)
    /// How long a modem may be away: one that was reset is found again after up to 40 s, and ModemManager takes some 15 s to know it.
    static let missingPatience = Duration.seconds(90)

    let settings: ModemSettings
    let choice: Choice
    var pins: PINGate
    /// As it is: what is decided is decided by this.
    var report = ModemReport()
    /// What may be shown of it.
    private(set) var shown = ModemReport()
    var known: Known?
    var bearer: MMCLIBearer?
    /// Whether there may be one of the time before this process.
    var mayHaveBearer = true
    var dialogue = Dialogue()
    var unlocking = Unlocking.no
    /// Whether a connection may be asked for: once for each registration, then once for each order.
    var mayConnect = true
    var deadlines = Deadlines<Timer>()

    init(
        _ settings: ModemSettings,
        choice: Choice,
        memory: ModemMemory?,
        elsewhere: [String: [ModemMemory.Attempt]] = [:]
    ) {
        self.settings = settings
        self.choice = choice
        pins = PINGate(memory, elsewhere: elsewhere)
    }

    /// Whether ModemManager has named one that it was not heard of yet.
    var isAskingForModem: Bool { if case .modem? = dialogue.outstanding { true } else { false } }

    var profile: AccessProfile { settings.access.profile(iccid: report.sim.iccid, imsi: report.sim.imsi) }
}

extension MMCLIMachine: Machine {
    var nextDeadline: Deadline? { deadlines.next }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .answered(let exit, let output):
            guard let command = dialogue.outstanding else { return [] }
            dialogue.outstanding = nil
            dialogue.pace.ended(command, at: moment.uptime)
            effects = take(MMCLIAnswer(exit, output), to: command, at: moment)
        case .ordered(let order): dialogue.order = order
        case .stored:
            if case .waits(let command) = unlocking {
                unlocking = .no
                pins.send(at: moment)
                dialogue.plan.append(command)
            }
        case .storeFailed(let reason):
            guard unlocking != .no else { break }
            dropPIN()
            fail(.storage(reason: reason), again: Self.whilePersonIsNeeded)
        case .dataEnded(let reason): report.cause = String(reason.prefix(1000))
        }
        return effects + proceed(at: moment) + announce(at: moment)
    }

    mutating func deadlineReached(at moment: Moment) -> [Effect] {
        while let timer = deadlines.popDue(at: moment.uptime) {
            switch timer {
            case .pace: break
            case .look: dialogue.plan = known.map { [.modem($0.path)] } ?? [.list]
            case .missing:
                // A connection that works is left to those who watch over it.
                report.trouble = .portMissing(reason: "ModemManager knows no such modem")
            }
        }
        return proceed(at: moment) + announce(at: moment)
    }

    /// The next command, or the next look.
    private mutating func proceed(at moment: Moment) -> [Effect] {
        guard dialogue.outstanding == nil else { return [] }
        var effects: [Effect] = []
        if let order = dialogue.order {
            dialogue.order = nil
            dropPIN()
            effects = obey(order)
        }
        guard unlocking == .no else { return effects }
        if let command = dialogue.plan.first {
            deadlines.clear(.look)
            if let earliest = dialogue.pace.earliest(command), earliest > moment.uptime {
                deadlines.set(.pace, at: earliest)
                return effects
            }
            deadlines.clear(.pace)
            dialogue.plan.removeFirst()
            dialogue.outstanding = command
            return effects + [.ask(command)]
        }
        deadlines.clear(.pace)
        if !deadlines.isSet(.look) { deadlines.set(.look, at: moment.uptime + dialogue.pause) }
        return effects
    }

    private mutating func announce(at moment: Moment) -> [Effect] {
        // Whatever else is found: a person can do something about this, and nobody else.
        if let refusal = dialogue.refusal { report.trouble = .service(refusal) }
        report.progress.observe(report.phase, at: moment.uptime)
        let before = shown
        shown = report.showable(hiding: settings.secrets)
        guard shown.phase != before.phase || shown.trouble != before.trouble else { return [] }
        var record = LogRecord(.notice, "modem", .init("phase", shown.phase.rawValue))
        if let trouble = shown.trouble { record.fields.append(.init("trouble", trouble)) }
        if let percent = shown.signal.percent { record.fields.append(.init("signalPercent", percent)) }
        return [.log(record)]
    }

    // MARK: - Orders

    private mutating func obey(_ order: ModemOrder) -> [Effect] {
        mayConnect = true
        dialogue.pause = Self.quickly
        dialogue.pace.letOrdersPass()
        guard let path = known?.path else {
            dialogue.plan = [.list]
            return []
        }
        switch order {
        case .bringUp, .powerOff, .switchSIM: dialogue.plan = [.modem(path)]
        case .takeDown:
            // Somebody outside takes its power away: it comes back under another path.
            let effects = withdraw("the modem is started anew")
            forget()
            dialogue.plan = [.list]
            return effects
        case .connect: dialogue.plan = [.disconnect(path), .modem(path)]
        case .reattach: dialogue.plan = [.disconnect(path), .detach(path), .attach(path), .modem(path)]
        case .cycleRadio: dialogue.plan = [.disable(path)]
        case .reset: dialogue.plan = [.reset(path)]
        }
        return order == .bringUp ? [] : withdraw("the connection is made anew")
    }

    mutating func withdraw(_ reason: String) -> [Effect] {
        guard bearer != nil || mayHaveBearer else { return [] }
        (bearer, mayHaveBearer) = (nil, false)
        // The next connection is made with the profile of the card that is there then.
        known?.reading = .none
        return [.bearerGone(reason: reason)]
    }

    mutating func forget() {
        known = nil
        dialogue.refusal = nil
        (report.sim, report.network, report.signal) = (SIMReport(), NetworkReport(), SignalReport())
        report.phase = .absent
    }

    /// Nothing more is asked now; it is looked again after a while.
    mutating func fail(_ trouble: ModemTrouble, again pause: Duration) {
        report.trouble = trouble
        dialogue.plan = []
        dialogue.pause = pause
    }
}
