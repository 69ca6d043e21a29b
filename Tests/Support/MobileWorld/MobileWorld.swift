public import BusSchema
public import ModemProtocol
public import ModemSimulation
public import Primitives
public import UplinkCore

/// The machine of the uplinks with the machine of a modem, against the simulated modem, its pins and a `pppd` that dials, all under virtual time.
/// Processes die and the host boots anew. Every step of the ladder, every PIN and every boot is checked when it happens.
public final class MobileWorld {
    /// As the charger's own clocks show it; its uptime begins anew at each boot.
    public internal(set) var now: Moment
    public internal(set) var modem = SimulatedModem()
    /// What was seen.
    public internal(set) var books = Books()
    /// The machine that runs the process.
    var host = Host()
    var machine = UplinkMachine(UplinkConfiguration(uplinks: []))
    let settings: Settings
    var random: SeededRandom
    var disk = Disk()
    var line = Line()
    var trouble = Trouble()
    /// What will happen, earliest first, in time since the world began.
    var pending: [(at: Duration, happening: Happening)] = []
    /// The world around this one, where there is one.
    public var outside = Outside()

    /// What kind of world it is.
    public struct Settings: Sendable {
        public var modem = MobileWorld.carrier
        /// Whether the ladder may start the host anew.
        public var mayReboot = false
        /// Whether another world has this one in it: it says when which process starts, and what time it is (`MobileWorld+Guest.swift`).
        public var isGuest = false
        /// Whether polls of an hour in which nothing happens are left out; see `leap`.
        public var leaps = false

        public init() {}
    }

    public struct Books: Sendable {
        public internal(set) var broken: [String] = []
        /// Of each kind of fault that was got over: how long after its beginning, or after its end where only time helps, the uplink worked.
        public internal(set) var recoveries: [MobileFault: [Duration]] = [:]
        public internal(set) var steps: [RecoveryStep: Int] = [:]
        public internal(set) var starts = 0
        public internal(set) var reboots = 0
    }

    struct Host {
        /// When it booted, since the world began.
        var bootedAt = Duration.seconds(100) - MobileWorld.uptimeAtFirst
        var boots = 1
        var hasTransaction = false
        /// Whether there is a process at all.
        var isRunning = false
        /// What the process has not taken in yet.
        var inputs: [UplinkEvent] = []
        var isPerforming = false
    }

    struct Disk {
        var memory = UplinkMemory()
        var modem: [UInt8]?
        var fails = false
    }

    /// What hangs on the modem.
    struct Line {
        var isOpen = false
        /// The host's own driver is stuck: no port, whatever the modem does.
        var isStuck = false
        /// Of `pppd`; nil when none runs.
        var call: Call?

        struct Call: Equatable {
            var number: Int
            var hasAddress = false
        }
    }

    struct Trouble {
        var fault: MobileFault?
        var since = Duration.zero
        var last: [RecoveryStep: Duration] = [:]
        /// When the last step stood on disk.
        var rememberedAt = Duration.zero
        var calls = 0
        var isUp = false
        /// Since when it is up and nothing ails it.
        var wellSince: Duration?
        var pinsSeen = 0
        /// Whether all was well when it came.
        var cameAlone = true
        /// Whether what ails it has been mended, so that it only has to be found to work.
        var isCured = false
    }

    enum Happening {
        case event(UplinkEvent)
        /// `pppd` has dialled, and was let in or not.
        case dialled(number: Int)
        case connected(number: Int)
        case mended(MobileFault)
    }

    public static let carrier = ModemCarrier.Settings(
        modem: ModemSettings(pin: Secret("1234")),
        pppd: ["/usr/sbin/pppd", "/dev/modem-data"],
        pulses: [ModemCarrier.Name.resetLine: .milliseconds(300), ModemCarrier.Name.supply: .seconds(10)]
    )

    /// So that the host may be started anew: a charger runs for months.
    static let uptimeAtFirst = Duration.seconds(86_400)
    /// After so long the ladder has forgotten the last fault.
    private static let afterglow = Duration.seconds(900)

    public init(seed: UInt64, settings: Settings = Settings()) {
        random = SeededRandom(seed: seed)
        self.settings = settings
        now = Moment(uptime: Self.uptimeAtFirst, utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))
        modem.sim?.pin = "1234"
        modem.sims[Self.drawer] = SimulatedSIM(iccid: "8949000000000000991", imsi: "262010000000099", pin: "4321")
        if settings.modem.hasTwoSIMs {
            modem.sims[2] = SimulatedSIM(iccid: "8943000000000000028", imsi: "232010000000002", pin: "5678")
        }
        guard !settings.isGuest else { return }
        startProcess()
    }

    /// Since the world began.
    public var elapsed: Duration { host.bootedAt + now.uptime }
    public var isWell: Bool { trouble.isUp && trouble.fault == nil }
    /// As it was published last.
    public var state: UplinkState? { machine.state }

    // MARK: - What happens from outside

    /// The process is killed, and the next one starts: a call outlives it.
    public func startProcess() {
        books.starts += 1
        // What a full disk did not take the next process cannot know.
        trouble.last = trouble.last.filter { [trouble] in $0.value <= trouble.rememberedAt }
        let uplink = UplinkConfiguration.Uplink(
            name: "cell",
            carrier: ModemCarrier(settings.modem),
            mayRebootHost: settings.mayReboot
        )
        machine = UplinkMachine(
            UplinkConfiguration(
                uplinks: [uplink],
                probes: true,
                bootId: "boot \(host.boots)",
                memory: disk.memory,
                seed: random.next()
            )
        )
        line.isOpen = false
        (trouble.isUp, trouble.wellSince) = (false, nil)
        pending.removeAll { if case .event = $0.happening { true } else { false } }
        host.inputs = []
        host.isRunning = true
        feed(.started)
        let running = line.call == nil ? [] : [ModemCarrier.Name.pppd]
        feed(.carrier(uplink: "cell", .started(CarrierPast(stored: disk.modem), running: running)))
        feed(.addressesChanged)
    }

    public func setDisk(fails: Bool) { disk.fails = fails }
    public func setTransaction(_ isRunning: Bool) { host.hasTransaction = isRunning }

    /// The host boots: the call is gone, the modem keeps its supply.
    func reboot() {
        books.reboots += 1
        host.bootedAt = elapsed + .seconds(20)
        host.boots += 1
        now = Moment(uptime: .seconds(20), utc: now.utc.advanced(by: .seconds(40)))
        (line.call, line.isOpen, line.isStuck) = (nil, false, false)
        pending.removeAll { if case .mended = $0.happening { false } else { true } }
        _ = modem.dropCall()
        did(.hostReboot)
        startProcess()
    }

    // MARK: - Time

    /// Runs until then, or until it is enough.
    public func run(for time: Duration, until isEnough: () -> Bool = { false }) {
        let end = elapsed + time
        while elapsed < end, !isEnough() {
            let wanted = machine.nextDeadline.map { host.bootedAt + $0.at }
            let next = [wanted, modem.nextDeadline, pending.first?.at].compactMap { $0 }.min() ?? end
            let due = settings.leaps ? leap(from: next, towards: end) : next
            now = now.advanced(by: min(max(due, elapsed), end) - elapsed)
            guard due <= elapsed else { return }
            turn()
            if let still = machine.nextDeadline, still.at < now.uptime { return breach("stays due: \(still)") }
        }
    }

    /// What is due now.
    func turn() {
        deliver(modem.advance(to: elapsed))
        while let next = pending.first, next.at <= elapsed {
            pending.removeFirst()
            happen(next.happening)
        }
        guard let deadline = machine.nextDeadline, deadline.isDue(at: now.uptime) else { return }
        tellOfTransactions()
        host.isPerforming = true
        perform { $0.deadlineReached(at: self.now) }
        host.isPerforming = false
        takeInputs()
    }

    /// Where the next thing is only one more poll of a modem that says what it said before, time may pass without: all that is due then comes late,
    /// as on a machine that stood still. An uplink that works is asked again shortly before the end; one that waits for its network every four minutes,
    /// so that nothing of the ladder comes later than that.
    private func leap(from next: Duration, towards end: Duration) -> Duration {
        guard next - elapsed > .seconds(5), modem.nextDeadline == nil else { return next }
        if let since = trouble.wellSince, pending.isEmpty {
            return elapsed - since > Self.afterglow ? max(next, end - .seconds(120)) : next
        }
        guard trouble.fault?.isWaitedFor == true, !trouble.isCured else { return next }
        return max(next, min(elapsed + .seconds(240), pending.first?.at ?? end, end))
    }

    func plan(_ happening: Happening, in wait: Duration) {
        let due = elapsed + wait
        let place = pending.firstIndex { $0.at > due } ?? pending.count
        pending.insert((due, happening), at: place)
    }

    // MARK: - The shell

    /// One event, all its effects, and then the next one.
    func feed(_ event: UplinkEvent) {
        guard host.isRunning else { return }
        host.inputs.append(event)
        if !host.isPerforming { takeInputs() }
    }

    private func takeInputs() {
        host.isPerforming = true
        while !host.inputs.isEmpty {
            let event = host.inputs.removeFirst()
            perform { $0.handle(event, at: self.now) }
        }
        host.isPerforming = false
    }

    func tell(_ event: CarrierEvent) { feed(.carrier(uplink: "cell", event)) }
    func breach(_ text: String) { books.broken.append("at \(elapsed): \(text)") }

    /// The gateway repeats its states each minute; only the ladder wants to know, so that it is enough before it may act.
    private func tellOfTransactions() {
        guard settings.mayReboot, !settings.isGuest else { return }
        _ = machine.handle(.connectorTold(id: 1, hasTransaction: host.hasTransaction), at: now)
    }

    /// As `MachineHost` does with a machine that is transactional.
    private func perform(_ turn: (inout UplinkMachine) -> [UplinkEffect]) {
        for _ in 0..<4 {
            // Only a disk that fails leads back to it.
            let before = disk.fails ? machine : nil
            guard let failure = performAll(turn(&machine)), let before else { return }
            machine = before
            _ = performAll(machine.handle(failure, at: now))
        }
        breach("an effect fails although its failure is known")
    }

    private func performAll(_ effects: [UplinkEffect]) -> UplinkEvent? {
        for effect in effects {
            switch effect {
            case .persist(let memory):
                if disk.fails { return .persistFailed(reason: "the disk is full") }
                disk.memory = memory
                trouble.rememberedAt = elapsed
            case .readInterfaces: feed(.interfacesRead([interface]))
            case .carrier(_, let effect): carry(out: effect)
            case .probe(let number, _, _):
                let isHeard = carries && !outside.areNamesDead
                let outcome: ProbeOutcome = isHeard ? .answered : .silent("no answer")
                plan(.event(.probed(number: number, outcome)), in: isHeard ? .seconds(1) : .seconds(20))
            case .publish(let message):
                if let state = message.value as? UplinkState { take(state) }
                outside.published(message)
            case .record(let entry): if entry.kind == .step { check(step: entry.reason) }
            case .askForTransactions(let question):
                plan(.event(.transactionsTold(question: question, [1: host.hasTransaction])), in: .zero)
            case .rebootHost:
                checkReboot()
                if let rebooted = outside.rebooted { rebooted() } else { reboot() }
                return nil
            case .accept(let id): outside.answered(id, nil)
            case .refuse(let id, let error): outside.answered(id, error)
            case .log(let record): outside.logged(record)
            case .finish: break
            }
        }
        return nil
    }

    private var interface: InterfaceReading {
        let hasAddress = line.call?.hasAddress == true
        return InterfaceReading(
            name: "ppp0",
            isRunning: hasAddress,
            hasAddress: hasAddress,
            address: line.call.flatMap { $0.hasAddress ? "10.64.64.\(2 + $0.number % 250)" : nil }
        )
    }

    /// Whether anything comes back through the call that there is.
    var carries: Bool {
        line.call?.hasAddress == true && (trouble.fault != .silentCarrier || trouble.isCured)
    }
}
