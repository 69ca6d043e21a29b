internal import BusSchema
public import Primitives
public import UplinkCore

/// The machine of the uplinks with one modelled modem under virtual time: faults come, restarts and reboots of the host happen, and every promise of
/// the ladder is checked at every step that it takes.
public final class UplinkWorld {
    public private(set) var now: Moment
    public private(set) var broken: [String] = []
    /// Of each kind of fault that was mended: how long that took.
    public private(set) var recoveries: [ModelFault: [Duration]] = [:]
    public private(set) var reboots = 0
    public private(set) var stepsTaken: [RecoveryStep: Int] = [:]
    private var machine: UplinkMachine
    private var disk = UplinkMemory()
    private var boots = 1
    private var epoch = Duration.zero
    private var fault: ModelFault?
    private var faultSince = Duration.zero
    private var isUp = false
    private var isTransactionRunning = false
    private var diskFails = false
    private var random: SeededRandom
    private let mayReboot: Bool
    /// True time of the last step of each kind, whatever restarts and reboots lay between.
    private var last: [RecoveryStep: Duration] = [:]

    public init(seed: UInt64, mayReboot: Bool = true) {
        random = SeededRandom(seed: seed)
        self.mayReboot = mayReboot
        // A charger runs for months: the host may be started anew.
        now = Moment(uptime: .seconds(86_400), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))
        epoch = now.uptime * -1
        machine = UplinkMachine(UplinkConfiguration(uplinks: []))
        startProcess()
    }

    /// Time since the world began, reboots included.
    public var elapsed: Duration { epoch + now.uptime }
    /// Whether the uplink is up and nothing ails it.
    public var isWell: Bool { isUp && fault == nil }

    private func startProcess() {
        let modem = ModelModem(seed: random.next())
        let uplink = UplinkConfiguration.Uplink(name: "mobile", carrier: modem, mayRebootHost: mayReboot)
        machine = UplinkMachine(
            UplinkConfiguration(
                uplinks: [uplink],
                probes: true,
                bootId: "boot-\(boots)",
                memory: disk,
                seed: random.next()
            )
        )
        feed(.started)
        feed(.carrier(uplink: "mobile", .started(CarrierPast(), running: [])))
        // What ails the modem survives the process.
        if let fault { feed(.carrier(uplink: "mobile", ModelModem.failing(fault))) }
    }

    // MARK: - What happens from outside

    public func begin(_ new: ModelFault) {
        fault = new
        faultSince = elapsed
        isBearerSilent = new == .silentBearer
        feed(.carrier(uplink: "mobile", ModelModem.failing(new)))
    }

    /// Time, or a person, mends what nothing else does.
    public func mend() {
        fault = nil
        isBearerSilent = false
        feed(.carrier(uplink: "mobile", ModelModem.failing(nil)))
    }

    public func restartProcess() { startProcess() }
    public func setTransaction(_ isRunning: Bool) { isTransactionRunning = isRunning }
    public func setDisk(fails: Bool) { diskFails = fails }

    /// Runs until then, or until nothing is due for longer.
    public func run(for time: Duration, until isEnough: () -> Bool = { false }) {
        let end = elapsed + time
        var nextTold = elapsed
        while elapsed < end, !isEnough() {
            let due = min(machine.nextDeadline?.at ?? .seconds(3_000_000_000), now.uptime + (nextTold - elapsed))
            let wait = min(max(due - now.uptime, .zero), end - elapsed)
            now = now.advanced(by: wait)
            if elapsed >= nextTold {
                nextTold = elapsed + .seconds(60)
                feed(.connectorTold(id: 1, hasTransaction: isTransactionRunning))
            }
            guard let next = machine.nextDeadline, next.isDue(at: now.uptime) else { continue }
            perform(transaction: { $0.deadlineReached(at: self.now) })
            if let still = machine.nextDeadline, still.at < now.uptime {
                breach("a deadline stays due: \(still)"); return
            }
        }
    }

    // MARK: - The shell

    private func feed(_ event: UplinkEvent) {
        perform(transaction: { $0.handle(event, at: self.now) })
    }

    /// As `MachineHost` does with a machine that is transactional.
    private func perform(transaction: (inout UplinkMachine) -> [UplinkEffect]) {
        for _ in 0..<4 {
            let before = machine
            let effects = transaction(&machine)
            guard let failure = performAll(effects) else { return }
            machine = before
            _ = performAll(machine.handle(failure, at: now))
        }
        breach("an effect fails although its failure is known")
    }

    private func performAll(_ effects: [UplinkEffect]) -> UplinkEvent? {
        var rebooting = false
        for effect in effects {
            switch effect {
            case .persist(let memory):
                if diskFails { return .persistFailed(reason: "the disk is full") }
                disk = memory
            case .probe(let number, _, _):
                let outcome: ProbeOutcome = isBearerSilent ? .silent("no answer") : .answered
                queued.append(.probed(number: number, outcome))
            case .record(let entry) where entry.kind == .step: check(step: entry)
            case .publish(let message): take(message)
            case .askForTransactions(let question):
                queued.append(.transactionsTold(question: question, [1: isTransactionRunning]))
            case .rebootHost: rebooting = true
            default: break
            }
        }
        if rebooting { reboot() }
        while !queued.isEmpty { feed(queued.removeFirst()) }
        return nil
    }

    private var queued: [UplinkEvent] = []
    /// Until a step mends it; the fault itself ends with the first answer.
    private var isBearerSilent = false

    private func take(_ message: AnyBusMessage) {
        guard let state = message.value as? UplinkState, let uplink = state.uplinks.first else { return }
        isUp = uplink.link == .up
        guard isUp, let fault, fault.cure != nil else { return }
        guard fault != .silentBearer || (!isBearerSilent && uplink.endToEnd == .reachable) else { return }
        // It is up although it was ill: whatever ailed it has been cured.
        recoveries[fault, default: []].append(elapsed - faultSince)
        self.fault = nil
    }

    private func reboot() {
        reboots += 1
        if isTransactionRunning { breach("the machine is started anew while a transaction runs") }
        if diskFails { breach("the machine is started anew although nobody would remember it") }
        epoch += now.uptime
        boots += 1
        now = Moment(uptime: .seconds(20), utc: now.utc.advanced(by: .seconds(20)))
        queued = []
        isBearerSilent = false
        if fault?.cure != nil { cured() }
        startProcess()
    }

    private func cured() {
        guard let fault else { return }
        recoveries[fault, default: []].append(elapsed - faultSince)
        self.fault = nil
    }

    // MARK: - What is promised

    private func check(step entry: UplinkHistory.Entry) {
        guard let step = RecoveryStep.allCases.first(where: { entry.reason.hasPrefix($0.words) }) else {
            return breach("a step without a name: \(entry.reason)")
        }
        stepsTaken[step, default: 0] += 1
        if step != .redial, let before = last[step], elapsed - before < step.leastSpacing {
            breach("\(step.name) after \(elapsed - before), its spacing is \(step.leastSpacing)")
        }
        last[step] = elapsed
        if let cure = ModelFault.silentBearer.cure, step >= cure { isBearerSilent = false }
        if fault == .wrongPIN { breach("\(step.name) for a PIN that is wrong") }
        if fault == .noNetwork || fault == .denied, step > .radio {
            breach("\(step.name) while the network is waited for")
        }
    }

    private func breach(_ text: String) { broken.append("at \(elapsed): \(text)") }
}
