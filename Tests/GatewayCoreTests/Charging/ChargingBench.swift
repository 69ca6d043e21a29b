import BusSchema
import GatewayCore
import OCPP
import Primitives

/// The charging machine between a fake central system, fake hardware, a journal in memory and a virtual clock.
final class ChargingBench {
    var machine: ChargingMachine
    var moment: Moment
    let central: FakeCentralSystem
    var hardware: [Int: FakeHardware]
    /// What is on disk, or on its way there.
    var journal: [JournalRecord]
    /// Records before that one are lost, as the next process notices.
    var missesRecordsBefore: Int?
    /// How much of it a power cut would leave.
    private var synced = 0
    /// The documents on disk.
    var documents = Documents()
    /// Saves of documents that reached the disk, by name.
    private(set) var saves: [String] = []
    private(set) var clearAnswers: [ClearCacheStatus] = []
    private(set) var isOnline = false
    /// The process is dead: nothing is performed any more.
    private(set) var isDead = false
    var persistFails = false
    /// A document reaches the disk, and the call fails all the same: the folder was not forced.
    var savesFailLate = false
    /// How many writes still reach the disk before the power goes.
    var writesUntilPowerCut: Int?
    private(set) var writes = 0
    /// The next process cannot force to the disk what it finds.
    var findsDoubt = false
    private(set) var indications: [String] = []
    private(set) var unlockRequests = 0
    private(set) var unlockAnswers: [UnlockStatus] = []
    private(set) var availabilityAnswers: [AvailabilityStatus] = []
    private(set) var permits: [Permit] = []
    private(set) var publications: [AnyBusMessage] = []
    private(set) var logs: [LogRecord] = []
    /// Why cards were rejected, as the log says it.
    var rejections: [String] {
        logs.filter { $0.message == "not authorized" }
            .compactMap { record in record.fields.first { $0.key == "reason" }?.value }
    }
    private(set) var loads: [QueueQuery] = []
    /// The journal is read, and its answer does not come yet.
    var holdsLoads = false
    private(set) var compactions = 0
    var hardwareAnswers = true
    var answersUnlocks = true
    private(set) var lockRequests = 0
    /// Meter readings are published each second.
    var meterReports = true
    private var waiting: OutgoingCall?
    private var arrived: [ChargingMachine.Event] = []
    private var isPerforming = false
    /// Asks for CALLs before effects are performed.
    var asksEarly = false
    /// The next CALL's answer never comes while the connection stays.
    var holdsAnswers = false

    /// What the next process is told.
    var configuration: ChargingConfiguration
    private let table: OCPPKeyTable
    private(set) var keys: OCPPKeys
    private var seed: UInt64

    init(
        connectors: Int = 1,
        hasLock: Bool = false,
        powerLoss: ChargingConfiguration.PowerLossPolicy = .stop,
        clockIsTrusted: Bool = true,
        seed: UInt64 = 1,
        central: FakeCentralSystem = FakeCentralSystem(),
        keys changes: [OCPPKeyName: String] = [:]
    ) {
        let ids = Array(1...connectors)
        configuration = ChargingConfiguration(
            connectors: ids.map {
                .init(id: $0, fixedCable: !hasLock, hasLock: hasLock, ratedMilliamps: 32_000, phases: 1)
            },
            powerLoss: powerLoss,
            machineBootId: "boot-1",
            clockIsTrusted: clockIsTrusted
        )
        var site = KeySite(numberOfConnectors: connectors, fixedCable: !hasLock, phases: 1)
        for name in [OCPPKeyName.minimumStatusDuration, .maxEnergyOnInvalidId] where changes[name] != nil {
            site.defaults[name.rawValue] = changes[name]
        }
        guard let table = try? OCPPKeyTable(site: site) else { preconditionFailure("The factory table is valid.") }
        var keys = table.defaults
        for (name, text) in changes { keys.set(name, canonical: text, in: table) }
        self.table = table
        self.keys = keys
        self.seed = seed
        self.central = central
        journal = []
        hardware = Dictionary(
            uniqueKeysWithValues: ids.map { id in
                var device = FakeHardware(connectorId: id)
                if hasLock { device.lock = .unlocked }
                return (id, device)
            }
        )
        moment = Moment(uptime: .seconds(1000), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
        machine = ChargingMachine(
            configuration: configuration,
            keys: keys,
            restored: TransactionLedger(),
            documents: Documents(),
            seed: seed,
            at: moment
        )
        perform(machine.start(at: moment))
        tellHardware()
    }

    // MARK: - The world

    func set(_ name: OCPPKeyName, _ text: String) {
        keys.set(name, canonical: text, in: table)
        feed(.keysChanged(keys))
    }

    func answerLoad(_ query: QueueQuery) {
        var scan = QueueScan(query)
        for record in journal where !scan.isComplete { scan.read(record) }
        feed(.queueLoaded(scan.entries))
    }

    func goOnline(registered: Bool = true) {
        isOnline = true
        feed(.wentOnline(registered: registered))
    }

    func goOffline() {
        isOnline = false
        if let call = waiting {
            waiting = nil
            finish(call, .connectionLost)
        }
        feed(.wentOffline)
    }

    func change(_ id: Int = 1, _ body: (inout FakeHardware) -> Void) {
        guard var device = hardware[id] else { return }
        body(&device)
        device.follow(at: moment)
        hardware[id] = device
        feed(.hardwareConnector(device.state))
    }

    /// Lets time pass, second by second at most, with meters running. Long times are run in longer steps.
    func run(seconds: Int, every step: Int = 1) {
        let end = moment.uptime + .seconds(seconds)
        var second = moment.uptime + .seconds(step)
        while moment.uptime < end {
            let due = machine.nextDeadline.map { max($0.at, moment.uptime) } ?? end
            let next = min(due, second, end)
            moment = moment.advanced(by: next - moment.uptime)
            if moment.uptime >= second {
                second += .seconds(step)
                tick()
            }
            if due <= moment.uptime { input { [moment] in $0.deadlineReached(at: moment) } }
            pump()
        }
    }

    private func tick() {
        for id in hardware.keys.sorted() {
            guard var device = hardware[id] else { continue }
            if let permit = device.permit, .milliseconds(permit.validUntilUptime) <= moment.uptime {
                device.permit = nil
            }
            device.follow(at: moment)
            if device.isClosed { device.registerWh += device.speedWh }
            hardware[id] = device
            if meterReports, hardwareAnswers { feed(.hardwareMeter(device.reading(at: moment))) }
        }
    }

    // MARK: - Death and return

    /// The power is gone and comes back later: a new boot, hardware without permits.
    func powerCycle(after duration: Duration = .seconds(60), unplugged: Bool = false) {
        journal.removeLast(max(0, journal.count - synced))
        for id in hardware.keys {
            hardware[id]?.losePower()
            if unplugged { hardware[id]?.pilot = .a }
        }
        configuration.machineBootId += "'"
        moment = Moment(uptime: .seconds(20), utc: moment.utc.advanced(by: duration))
        restart()
    }

    /// What was written is on the disk, as after the farewell of a process.
    func sync() { synced = journal.count }

    /// The process dies and starts again: same boot, hardware goes on.
    func restart(after duration: Duration = .seconds(2)) {
        moment = moment.advanced(by: duration)
        isDead = false
        arrived = []
        writesUntilPowerCut = nil
        waiting = nil
        isOnline = false
        seed += 1
        machine = ChargingMachine(
            configuration: configuration,
            keys: keys,
            restored: restored,
            documents: documents,
            seed: seed,
            at: moment
        )
        if findsDoubt { perform(machine.handle(.persistFailed(reason: "it cannot be forced"), at: moment)) }
        perform(machine.start(at: moment))
        tellHardware()
    }

    /// The journal, folded.
    var restored: TransactionLedger {
        var restored = TransactionLedger()
        for (index, record) in journal.enumerated() {
            if index == missesRecordsBefore { restored.missRecords() }
            restored.read(record)
        }
        if journal.count == missesRecordsBefore { restored.missRecords() }
        return restored
    }

    private func tellHardware() {
        guard hardwareAnswers else { return }
        for id in hardware.keys.sorted() {
            hardware[id]?.follow(at: moment)
            guard let device = hardware[id] else { continue }
            feed(.hardwareConnector(device.state))
            feed(.hardwareMeter(device.reading(at: moment)))
        }
    }

    // MARK: - The shell

    /// Feeds an event, after all effects of the one before.
    func feed(_ event: ChargingMachine.Event) {
        arrived.append(event)
        guard !isPerforming else { return }
        drain()
        pump()
    }

    private func drain() {
        while !arrived.isEmpty, !isDead {
            let event = arrived.removeFirst()
            carryOut { [moment] in $0.handle(event, at: moment) }
        }
        if isDead { arrived = [] }
    }

    /// Gives out CALLs while the slot is free.
    func pump() {
        while isSlotFree, !isPerforming, let call = machine.nextCall(at: moment) { send(call) }
    }

    private var isSlotFree: Bool { isOnline && !isDead && waiting == nil }

    private func send(_ call: OutgoingCall) {
        if holdsAnswers {
            waiting = call
            central.remember(call)
        } else {
            finish(call, central.answer(call))
        }
    }

    func finish(_ call: OutgoingCall, _ outcome: CallOutcome) {
        input { [moment] in $0.callFinished(call.key, outcome, at: moment) }
    }

    func answerHeld(_ outcome: CallOutcome? = nil) {
        guard let call = waiting else { return }
        waiting = nil
        finish(call, outcome ?? central.answer(call))
        pump()
    }

    var heldCall: OutgoingCall? { waiting }

    /// Performs effects that a test asked the machine for itself.
    func perform(_ effects: [ChargingEffect]) {
        _ = performAll(effects)
        if !isPerforming { drain() }
    }

    /// Lets the machine take something in, and performs what comes of it.
    private func input(_ body: (inout ChargingMachine) -> [ChargingEffect]) {
        carryOut(body)
        if !isPerforming { drain() }
    }

    /// As the host of the gateway does it: the next CALL is asked for before the effects are performed, and sent behind them. When a write
    /// fails, the machine is what it was before, hears of the failure, and takes the same in again.
    private func carryOut(_ body: (inout ChargingMachine) -> [ChargingEffect]) {
        for _ in 0..<2 {
            let before = machine
            let effects = body(&machine)
            let early = asksEarly && !isPerforming && isSlotFree ? machine.nextCall(at: moment) : nil
            if performAll(effects) {
                if let early { send(early) }
                return
            }
            guard !isDead else { return }
            machine = before
            _ = performAll(machine.handle(.persistFailed(reason: "disk full"), at: moment))
        }
        preconditionFailure("A machine that knows of a failed write orders none at the same moment.")
    }

    /// Returns false when something kept the rest from being performed.
    private func performAll(_ effects: [ChargingEffect]) -> Bool {
        let isOutermost = !isPerforming
        isPerforming = true
        defer { if isOutermost { isPerforming = false } }
        for effect in effects {
            guard !isDead else { return false }
            switch effect {
            case .persist(let records, let durability):
                guard !persistFails else { return false }
                if let left = writesUntilPowerCut {
                    guard left > 0 else {
                        isDead = true
                        return false
                    }
                    writesUntilPowerCut = left - 1
                }
                writes += 1
                journal += records
                if durability == .synced { synced = journal.count }
            case .loadQueue(let query):
                loads.append(query)
                if !holdsLoads { answerLoad(query) }
            case .compact(let compaction):
                compactions += 1
                journal = journal.filter { compaction.keeps($0) }
                synced = journal.count
            case .requestPermit(let permit): answer(permit)
            case .requestLock(let lock): answer(lock)
            case .requestUnlock(let unlock): answer(unlock)
            case .indicate(let indicate): indications.append("\(indicate.connectorId) \(indicate.signal)")
            case .confirmUnlock(_, let confirmation): unlockAnswers.append(confirmation.status)
            case .confirmAvailability(_, let confirmation): availabilityAnswers.append(confirmation.status)
            case .confirmClearCache(_, let confirmation): clearAnswers.append(confirmation.status)
            case .save(let document): save(document)
            case .publish(let message): publications.append(message)
            case .log(let record): logs.append(record)
            }
        }
        return true
    }

    private func save(_ document: AnyDocument) {
        let isCache = document.value is AuthorizationCacheDocument
        let failure: ChargingMachine.Event = isCache ? .authorizationCacheSaveFailed : .availabilitySaveFailed
        guard !persistFails else { return feed(failure) }
        writes += 1
        documents.add(document)
        saves.append(type(of: document.value).name)
        feed(savesFailLate ? failure : isCache ? .authorizationCacheSaved : .availabilitySaved)
    }

    private func answer(_ permit: Permit) {
        permits.append(permit)
        guard hardwareAnswers, var device = hardware[permit.connectorId] else { return }
        device.take(permit)
        device.follow(at: moment)
        hardware[permit.connectorId] = device
        feed(.permitAnswered(connectorId: permit.connectorId, transaction: permit.transaction, .answered))
        feed(.hardwareConnector(device.state))
    }

    private func answer(_ lock: Lock) {
        lockRequests += 1
        guard hardwareAnswers else { return }
        let refusal = hardware[lock.connectorId]?.hold()
        feed(.lockAnswered(connectorId: lock.connectorId, refusal.map { .failed($0) } ?? .answered))
        change(lock.connectorId) { _ in }
    }

    private func answer(_ unlock: Unlock) {
        unlockRequests += 1
        guard hardwareAnswers, answersUnlocks, let outcome = hardware[unlock.connectorId]?.release() else { return }
        feed(.unlockAnswered(connectorId: unlock.connectorId, outcome))
        change(unlock.connectorId) { _ in }
    }
}
