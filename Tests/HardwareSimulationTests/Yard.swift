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
    /// How often the process would have been woken.
    var wakeUps = 0
    private var requests: UInt64 = 0

    init(
        _ connectors: [ConnectorConfiguration] = [fixedCable],
        readerIds: [Int] = [1],
        world: SimulatedWorld? = nil,
        noise: SimulatedNoise = SimulatedNoise()
    ) {
        now = Moment(uptime: .seconds(1000), utc: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000))
        configuration = SimulationConfiguration(connectors: connectors, readerIds: readerIds, noise: noise)
        core = Self.core(configuration, memory, at: now)
        charger = SimulatedCharger(configuration: configuration, world: world ?? SimulatedWorld(), at: now)
        start()
    }

    /// The process is killed; coils fall, the world stays.
    mutating func restart() {
        core = Self.core(configuration, memory, at: now)
        charger = SimulatedCharger(configuration: configuration, world: charger.world, at: now)
        start()
    }

    mutating func simulate(_ request: SimulateHardware) throws(BusError) {
        take(try charger.simulate(request, at: now))
    }

    mutating func permit(_ milliamps: Int, seconds: Int64 = 3600, connectorId: Int = 1) {
        perform(
            core.handle(
                .permitRequested(
                    nextID(),
                    Permit(
                        connectorId: connectorId,
                        granted: milliamps > 0,
                        limitMilliamps: milliamps,
                        validUntilUptime: now.uptime.wholeMilliseconds + seconds * 1000,
                        transaction: "transaction"
                    )
                ),
                at: now
            )
        )
    }

    mutating func unlock() {
        perform(core.handle(.unlockRequested(nextID(), Unlock(connectorId: 1)), at: now))
    }

    mutating func clear(_ code: HardwareFaultCode) {
        perform(core.handle(.clearFaultRequested(nextID(), ClearFault(connectorId: 1, code: code)), at: now))
    }

    mutating func terminate() { perform(core.handle(.terminationRequested, at: now)) }

    mutating func wait(_ duration: Duration) {
        let end = now.advanced(by: duration)
        while let deadline = earliest(core.nextDeadline, charger.nextDeadline)?.at, deadline <= end.uptime {
            if deadline > now.uptime { now = now.advanced(by: deadline - now.uptime) }
            wakeUps += 1
            take(charger.deadlineReached(at: now))
            perform(core.deadlineReached(at: now))
        }
        now = end
    }

    /// Plugged, permitted, and long enough for the current to be steady.
    static func charging(_ connector: ConnectorConfiguration = fixedCable, milliamps: Int = 16_000) throws -> Yard {
        var yard = Yard([connector])
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
        at now: Moment
    ) -> HardwareMachine {
        let readers = configuration.readerIds.map {
            ReaderConfiguration(readerId: $0, connectorIds: [1], simulated: true)
        }
        return HardwareMachine(
            configuration: HardwareConfiguration(connectors: configuration.connectors, readers: readers),
            bootId: "boot \(now.uptime)",
            memory: memory,
            at: now
        )
    }

    private mutating func start() {
        perform(core.handle(.started, at: now))
        take(charger.handle(.started, at: now))
    }

    private mutating func take(_ events: [DriverEvent]) {
        for event in events { perform(core.handle(.driver(event), at: now)) }
    }

    private mutating func perform(_ effects: [HardwareEffect]) {
        for effect in effects {
            told.append((now.uptime, effect))
            switch effect {
            case .command(let command): take(charger.handle(.commanded(command), at: now))
            case .store(let document):
                memory = document
                perform(core.handle(.memoryStored, at: now))
            default: break
            }
        }
    }

    private mutating func nextID() -> RequestID {
        requests += 1
        return RequestID(requests)
    }
}
