import BusSchema
public import ModemProtocol
public import ModemSimulation
public import Primitives
public import UplinkCore

/// The machine of the uplinks with the machine of a modem, against the simulated modem, its pins and a `pppd` that dials, all under virtual time.
/// Every step of the ladder and every PIN is checked when it happens.
public final class MobileWorld {
    public internal(set) var now: Moment
    public internal(set) var broken: [String] = []
    public internal(set) var modem = SimulatedModem()
    /// Of each kind of fault that was got over: how long after its beginning, or after its end where only time helps, the uplink worked.
    public internal(set) var recoveries: [MobileFault: [Duration]] = [:]
    public internal(set) var steps: [RecoveryStep: Int] = [:]
    var machine = UplinkMachine(UplinkConfiguration(uplinks: []))
    let settings: ModemCarrier.Settings
    var random: SeededRandom
    var disk = Disk()
    var line = Line()
    var trouble = Trouble()
    /// What will happen, earliest first.
    var pending: [(at: Duration, happening: Happening)] = []

    struct Disk {
        var memory = UplinkMemory()
        var modem: [UInt8]?
    }

    /// What hangs on the modem.
    struct Line {
        var isOpen = false
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
        var calls = 0
        var isUp = false
        var pinsSeen = 0
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

    public static let settings = ModemCarrier.Settings(
        modem: ModemSettings(pin: Secret("1234")),
        pppd: ["/usr/sbin/pppd", "/dev/modem-data"],
        pulses: [ModemCarrier.Name.resetLine: .milliseconds(300), ModemCarrier.Name.supply: .seconds(10)]
    )

    public init(seed: UInt64, settings: ModemCarrier.Settings = MobileWorld.settings) {
        random = SeededRandom(seed: seed)
        self.settings = settings
        now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))
        modem.sim?.pin = "1234"
        startProcess()
    }

    public var isWell: Bool { trouble.isUp && trouble.fault == nil }

    /// The process is killed, and the next one starts: a call outlives it.
    public func startProcess() {
        machine = UplinkMachine(
            UplinkConfiguration(
                uplinks: [.init(name: "cell", carrier: ModemCarrier(settings))],
                probes: true,
                bootId: "boot",
                memory: disk.memory,
                seed: random.next()
            )
        )
        line.isOpen = false
        trouble.isUp = false
        pending.removeAll { if case .event = $0.happening { true } else { false } }
        feed(.started)
        let running = line.call == nil ? [] : [ModemCarrier.Name.pppd]
        feed(.carrier(uplink: "cell", .started(stored: disk.modem, running: running)))
        feed(.addressesChanged)
    }

    /// Runs until then, or until it is enough.
    public func run(for time: Duration, until isEnough: () -> Bool = { false }) {
        let end = now.uptime + time
        while now.uptime < end, !isEnough() {
            let due = [machine.nextDeadline?.at, modem.nextDeadline, pending.first?.at].compactMap { $0 }.min() ?? end
            now = now.advanced(by: min(max(due, now.uptime), end) - now.uptime)
            guard due <= now.uptime else { return }
            deliver(modem.advance(to: now.uptime))
            while let next = pending.first, next.at <= now.uptime {
                pending.removeFirst()
                happen(next.happening)
            }
            guard let deadline = machine.nextDeadline, deadline.isDue(at: now.uptime) else { continue }
            perform(machine.deadlineReached(at: now))
            if let still = machine.nextDeadline, still.at < now.uptime { return breach("stays due: \(still)") }
        }
    }

    func plan(_ happening: Happening, in wait: Duration) {
        let due = now.uptime + wait
        let place = pending.firstIndex { $0.at > due } ?? pending.count
        pending.insert((due, happening), at: place)
    }

    func feed(_ event: UplinkEvent) { perform(machine.handle(event, at: now)) }
    func tell(_ event: CarrierEvent) { feed(.carrier(uplink: "cell", event)) }
    func breach(_ text: String) { broken.append("at \(now.uptime): \(text)") }

    // MARK: - Effects

    func perform(_ effects: [UplinkEffect]) {
        for effect in effects {
            switch effect {
            case .persist(let memory): disk.memory = memory
            case .readInterfaces: feed(.interfacesRead([interface]))
            case .carrier(_, let effect): carry(out: effect)
            case .probe(let number, _, _):
                let isHeard = line.call?.hasAddress == true && trouble.fault != .silentCarrier
                let outcome: ProbeOutcome = isHeard ? .answered : .silent("no answer")
                plan(.event(.probed(number: number, outcome)), in: isHeard ? .seconds(1) : .seconds(20))
            case .publish(let message): if let state = message.value as? UplinkState { take(state) }
            case .record(let entry): if entry.kind == .step { check(step: entry.reason) }
            case .rebootHost: breach("the machine is started anew without leave")
            case .accept, .refuse, .log, .finish: break
            }
        }
    }

    private var interface: InterfaceReading {
        let hasAddress = line.call?.hasAddress == true
        return InterfaceReading(
            name: "ppp0",
            isRunning: hasAddress,
            hasAddress: hasAddress,
            address: hasAddress ? "10.64.64.2" : nil
        )
    }

    private func carry(out effect: CarrierEffect) {
        switch effect {
        case .line(_, .send(let bytes)): send(bytes)
        case .line(_, .reopen):
            guard line.isOpen, modem.isPlugged else { return }
            tell(.line(ModemCarrier.Name.line, .closed(reason: "reopened")))
            tell(.line(ModemCarrier.Name.line, .opened))
        case .openLine:
            line.isOpen = true
            if modem.isPlugged { tell(.line(ModemCarrier.Name.line, .opened)) }
        case .closeLine: line.isOpen = false
        case .spawn:
            guard line.call == nil else { return }
            trouble.calls += 1
            line.call = .init(number: trouble.calls)
            plan(.dialled(number: trouble.calls), in: .seconds(2))
        case .endChild: endCall(.code(5), after: .seconds(1))
        case .pulse(let pin, let duration): pulse(pin, duration)
        case .store(let bytes):
            disk.modem = bytes
            tell(.stored)
        case .line, .drive, .addDefaultRoute, .configure, .clearAddresses, .run, .log: break
        }
    }

    private func take(_ state: UplinkState) {
        guard let uplink = state.uplinks.first else { return }
        trouble.isUp = uplink.link == .up && uplink.endToEnd != .unreachable
        guard trouble.isUp, let fault = trouble.fault, line.call?.hasAddress == true, isCured else { return }
        recoveries[fault, default: []].append(now.uptime - trouble.since)
        trouble.fault = nil
    }
}
