import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives

/// The real core and the simulated devices, wired to each other under a virtual clock: what a charger does as a whole.
struct Yard {
    static let fixedCable = ConnectorConfiguration(connectorId: 1, ratedMilliamps: 32_000, phases: 1, cable: .fixed)
    static let socket = ConnectorConfiguration(
        connectorId: 1,
        ratedMilliamps: 32_000,
        phases: 3,
        cable: .socket(lock: true)
    )

    let configuration: SimulationConfiguration
    var core: HardwareMachine
    var charger: SimulatedCharger
    var now: Moment
    /// Everything the core told, with the time it did.
    var told: [(at: Duration, effect: HardwareEffect)] = []
    /// What is on disk.
    var memory = HardwareMemory()
    /// What it remembered in this boot of the machine, the newest of each meter.
    private var readings: [Int: MeterReading] = [:]
    /// And of the EV at each connector.
    private var vehicles: [Int: VehicleSight] = [:]
    private var latches: [OutletLatches] = []
    /// How often the process would have been woken.
    var wakeUps = 0
    /// Watches what the core does with connector 1.
    var model: SafetyModel?
    /// How long a write takes; what is being written is lost with the process. Zero: done at once.
    var diskDelay = Duration.zero
    /// The process does not run: what happens waits for it.
    private var isStalled = false
    /// When the machine booted, in the time of the world: its uptime counts from there.
    private var bootedAt = Duration.zero
    private var writing: (document: HardwareMemory, doneAt: Duration)?
    private var waiting: [HardwareMachine.Event] = []
    private var isBusy = false
    private var requests: UInt64 = 0

    init(
        _ connectors: [ConnectorConfiguration] = [fixedCable],
        readerIds: [Int] = [1],
        world: SimulatedWorld? = nil,
        noise: SimulatedNoise = SimulatedNoise(),
        mainMeter: MainMeterConfiguration? = nil
    ) {
        now = Moment(uptime: .seconds(1000), utc: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000))
        configuration = SimulationConfiguration(
            connectors: connectors,
            readerIds: readerIds,
            noise: noise,
            mainMeter: mainMeter
        )
        core = Self.core(configuration, memory, [], [], [], at: now)
        charger = SimulatedCharger(configuration: configuration, world: world ?? SimulatedWorld(), at: now)
        start()
    }

    /// The process is killed; coils fall, the world stays.
    mutating func restart() {
        core = Self.core(configuration, memory, Array(readings.values), Array(vehicles.values), latches, at: now)
        charger = SimulatedCharger(configuration: configuration, world: charger.world, at: now)
        start()
    }

    /// The power goes and comes back, and the machine boots: uptime begins anew.
    mutating func reboot() {
        readings = [:]
        vehicles = [:]
        latches = []
        bootedAt += now.uptime - .seconds(8)
        now = Moment(uptime: .seconds(8), utc: now.utc.advanced(by: .seconds(20)))
        restart()
    }

    /// The process gets no time for so long; then everything that happened meanwhile comes at once, before its deadlines do.
    mutating func stall(_ duration: Duration) {
        isStalled = true
        wait(duration)
        isStalled = false
        drain()
        if let due = core.nextDeadline, due.isDue(at: now.uptime) { meetDeadline() }
        checkModel()
    }

    private mutating func checkModel() {
        let time = worldTime
        model?.check(at: time)
    }

    /// The time of the world, which no boot begins anew.
    var worldTime: Duration { bootedAt + now.uptime }

    mutating func simulate(_ request: SimulateHardware) throws(BusError) {
        take(try charger.simulate(request, at: now))
    }

    mutating func permit(
        _ milliamps: Int,
        seconds: Int64 = 3600,
        connectorId: Int = 1,
        transaction: String = "transaction",
        phases: Int? = nil
    ) {
        let permit = Permit(
            connectorId: connectorId,
            granted: milliamps > 0,
            limitMilliamps: milliamps,
            validUntilUptime: now.uptime.wholeMilliseconds + seconds * 1000,
            transaction: transaction,
            phases: phases
        )
        feed(.permitRequested(nextID(), permit))
    }

    mutating func unlock() { feed(.unlockRequested(nextID(), Unlock(connectorId: 1))) }

    mutating func clear(_ code: HardwareFaultCode) {
        feed(.clearFaultRequested(nextID(), ClearFault(connectorId: 1, code: code)))
    }

    mutating func terminate() { feed(.terminationRequested) }

    /// An orderly end, and another process.
    mutating func terminateAndRestart() {
        terminate()
        wait(.seconds(1))
        restart()
    }

    mutating func wait(_ duration: Duration) {
        let end = now.advanced(by: duration)
        while let deadline = nextDeadline, deadline <= end.uptime {
            if deadline > now.uptime { now = now.advanced(by: deadline - now.uptime) }
            wakeUps += 1
            take(charger.deadlineReached(at: now))
            if let writing, writing.doneAt <= now.uptime { finishWriting() }
            if !isStalled, let due = core.nextDeadline, due.isDue(at: now.uptime) { meetDeadline() }
        }
        now = end
        if !isStalled { checkModel() }
    }

    private var nextDeadline: Duration? {
        earliest(
            isStalled ? nil : core.nextDeadline,
            earliest(charger.nextDeadline, Deadline(at: writing?.doneAt, for: "a write is done"))
        )?.at
    }

    private mutating func meetDeadline() {
        isBusy = true
        perform(core.deadlineReached(at: now))
        isBusy = false
        drain()
    }

    private mutating func finishWriting() {
        guard let done = writing else { return }
        memory = done.document
        writing = nil
        feed(.memoryStored)
    }

    /// Plugged, permitted, and long enough for the current to be steady.
    static func charging(
        _ connector: ConnectorConfiguration = fixedCable,
        milliamps: Int = 16_000,
        mainMeter: MainMeterConfiguration? = nil
    ) throws -> Yard {
        var yard = Yard([connector], mainMeter: mainMeter)
        yard.wait(.seconds(6))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1))
        yard.permit(milliamps)
        yard.wait(.seconds(4))
        return yard
    }

    func connector(_ id: Int = 1) -> ConnectorState? { published().last { $0.connectorId == id } }

    func meter(_ id: Int = 1) -> MeterReading? { published().last { $0.connectorId == id } }

    func published<M: BusMessage>(_: M.Type = M.self) -> [M] {
        told.compactMap { entry in
            guard case .publish(let message) = entry.effect else { return nil }
            return message.value as? M
        }
    }

    private static func core(
        _ configuration: SimulationConfiguration,
        _ memory: HardwareMemory,
        _ readings: [MeterReading],
        _ vehicles: [VehicleSight],
        _ latches: [OutletLatches],
        at now: Moment
    ) -> HardwareMachine {
        let readers = configuration.readerIds.map {
            ReaderConfiguration(readerId: $0, connectorIds: [1], simulated: true)
        }
        return HardwareMachine(
            configuration: HardwareConfiguration(
                connectors: configuration.connectors,
                readers: readers,
                mainMeter: configuration.mainMeter
            ),
            bootId: "boot \(now.uptime)",
            memory: memory,
            readings: readings,
            vehicles: vehicles,
            latches: latches,
            at: now
        )
    }

    private mutating func start() {
        waiting = []
        writing = nil
        let found = memory
        let restartedAt = worldTime
        model?.restarted(found, at: restartedAt)
        feed(.started)
        take(charger.handle(.started, at: now))
    }

    private mutating func take(_ events: [DriverEvent]) {
        for event in events { feed(.driver(event)) }
    }

    /// As a host does: one event at a time, the next when all effects of this one are performed.
    private mutating func feed(_ event: HardwareMachine.Event) {
        waiting.append(event)
        if !isBusy, !isStalled { drain() }
    }

    private mutating func drain() {
        isBusy = true
        while !waiting.isEmpty {
            let event = waiting.removeFirst()
            perform(core.handle(event, at: now), after: event)
        }
        isBusy = false
    }

    private mutating func perform(_ effects: [HardwareEffect], after event: HardwareMachine.Event? = nil) {
        watch(event, effects)
        for effect in effects {
            told.append((now.uptime, effect))
            switch effect {
            case .command(let command): take(charger.handle(.commanded(command), at: now))
            case .store(let document):
                writing = (document, now.uptime + diskDelay)
                if diskDelay == .zero { finishWriting() }
            case .remember(let reading): readings[reading.connectorId] = reading
            case .rememberLatches(let outlet):
                latches.removeAll { $0.connectorId == outlet.connectorId }
                latches.append(outlet)
            case .rememberVehicle(let sight): vehicles[sight.connectorId] = sight
            default: break
            }
        }
    }

    private mutating func watch(_ event: HardwareMachine.Event?, _ effects: [HardwareEffect]) {
        guard model != nil else { return }
        let worldTime = worldTime
        let bootedAt = bootedAt
        let isObeyed = effects.contains { if case .reply = $0 { true } else { false } }
        switch event {
        case .driver(let fact, _): model?.heard(fact, at: worldTime)
        case .permitRequested(_, let permit) where isObeyed:
            model?.permitted(permit, bootedAt: bootedAt, at: worldTime)
        case .terminationRequested: model?.terminated()
        case .clearFaultRequested(_, let request) where isObeyed: model?.cleared(request.code, at: worldTime)
        default: break
        }
        let broken = charger.world.connectors[0].broken
        let parts = Set(broken.parts ?? [])
        // Two faults at once, a weld and a mirror contact that lies, cannot be seen without current.
        let seesVoltage =
            configuration.connectors[0].equipment.seesOutputVoltage
            && parts.isDisjoint(with: ["outputVoltage", "outputVoltageLost"])
        let isInvisible = broken.contactorStuckClosed == true && parts.contains("mirrorOpen") && !seesVoltage
        let isLate = !waiting.isEmpty || core.nextDeadline?.isDue(at: now.uptime) == true
        let isClosed = charger.truth(of: 1)?.isClosed == true && !isInvisible
        model?.did(effects, contactorIsReallyClosed: isClosed, isLate: isLate, at: worldTime)
    }

    private mutating func nextID() -> RequestID {
        requests += 1
        return RequestID(requests)
    }
}
