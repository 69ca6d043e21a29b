import BusSchema
import HardwareCore
import Primitives

/// A `HardwareMachine` on the bench: facts in, what it ordered and told out.
///
/// The devices are alive: while time passes they repeat what they reported last, as drivers do, and the meter answers at once. `silent`
/// takes single ones away.
struct Bench {
    enum Sensor { case pilot, mirror, phases, voltage, lock, proximity, meter }

    static let transaction = "11111111-1111-4111-8111-111111111111"

    var machine: HardwareMachine
    var now: Moment
    var silent: Set<Sensor> = []
    /// What the disk holds; nil while it refuses to store.
    var memory: HardwareMemory? = HardwareMemory()
    /// What is stored is not answered until a test delivers `memoryStored`.
    var isDiskSlow = false
    /// How often something was stored.
    var writes = 0
    /// What the next process of this boot finds, whatever the disk does.
    var latches: [OutletLatches] = []
    /// A meter that moves shows another voltage each time.
    var isMeterFrozen = false
    private let configurations: [ConnectorConfiguration]
    private var devices: [Int: Devices] = [:]
    private var sampleNumber = 0
    private var reportDue: Duration
    private var requests: UInt64 = 0

    /// What the devices of one connector show.
    private struct Devices {
        var high: Int?
        /// Nil: what the signal makes of it.
        var low: Int?
        var signal = PilotSignal.x1
        var mirror: Bool?
        var phasesClosed: Bool?
        var live: Bool?
        var locked: Bool?
        var ohms: Int??
        var sample = Bench.sample(energyWh: 1000)

        var lowNow: Int? {
            if let low { return low }
            if case .pwm = signal { return -12_000 }
            return high
        }
    }

    static let fixedCable = ConnectorConfiguration(connectorId: 1, ratedMilliamps: 32_000, phases: 1, cable: .fixed)
    static let socket = ConnectorConfiguration(
        connectorId: 1,
        ratedMilliamps: 32_000,
        phases: 1,
        cable: .socket(lock: true)
    )

    init(
        _ connectors: [ConnectorConfiguration] = [fixedCable],
        readers: [ReaderConfiguration] = [],
        memory: HardwareMemory = HardwareMemory(),
        readings: [MeterReading] = [],
        vehicles: [VehicleSight] = [],
        latches: [OutletLatches] = [],
        at uptime: Duration = .seconds(100)
    ) {
        now = Moment(uptime: uptime, utc: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000))
        configurations = connectors
        reportDue = uptime + .seconds(1)
        machine = HardwareMachine(
            configuration: HardwareConfiguration(connectors: connectors, readers: readers),
            bootId: "boot-1",
            memory: memory,
            readings: readings,
            vehicles: vehicles,
            latches: latches,
            at: now
        )
        self.memory = memory
        self.latches = latches
        for connector in connectors { devices[connector.connectorId] = Devices() }
    }

    /// Started, contactor open and rested, meter answered, no EV.
    static func idle(
        _ connectors: [ConnectorConfiguration] = [fixedCable],
        memory: HardwareMemory = HardwareMemory(),
        latches: [OutletLatches] = []
    ) -> Bench {
        var bench = Bench(connectors, memory: memory, latches: latches)
        bench.handle(.started)
        for connector in connectors {
            let id = connector.connectorId
            bench.driver(.contactorFeedback(connectorId: id, closed: false))
            bench.pilot(12_000, connectorId: id)
            if connector.cable != .fixed {
                bench.driver(.lockFeedback(connectorId: id, locked: false))
                bench.proximity(nil, connectorId: id)
            }
        }
        bench.wait(.seconds(5))
        return bench
    }

    /// An EV that asks (state C) under a permit of 16 A for a minute; the contactor is closed.
    static func charging(_ connector: ConnectorConfiguration = fixedCable, leaseSeconds: Int64 = 60) -> Bench {
        var bench = idle([connector])
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: leaseSeconds)
        bench.pilot(6000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        return bench
    }

    /// The contactor has opened: its mirror says so.
    @discardableResult
    mutating func opened() -> [HardwareEffect] { driver(.contactorFeedback(connectorId: 1, closed: false)) }

    static func sample(energyWh: Int64, milliamps: Int = 0) -> MeterSample {
        MeterSample(
            energyWh: energyWh,
            powerW: 230 * milliamps / 1000,
            voltageMillivolts: [230_000],
            currentMilliamps: [milliamps],
            frequencyMillihertz: 50_000
        )
    }

    @discardableResult
    mutating func handle(_ event: HardwareMachine.Event) -> [HardwareEffect] {
        perform(machine.handle(event, at: now))
    }

    @discardableResult
    mutating func driver(_ event: DriverEvent) -> [HardwareEffect] {
        switch event {
        case .pilotRead(let id, let high, let low):
            devices[id]?.high = high
            devices[id]?.low = low
        case .contactorFeedback(let id, let closed): devices[id]?.mirror = closed
        case .phaseFeedback(let id, let closed): devices[id]?.phasesClosed = closed
        case .outputVoltageRead(let id, let live): devices[id]?.live = live
        case .lockFeedback(let id, let locked): devices[id]?.locked = locked
        case .proximityRead(let id, let ohms): devices[id]?.ohms = .some(ohms)
        default: break
        }
        return handle(.driver(event))
    }

    /// Two equal readings, as a change needs. Without `low`, what the ordered signal makes of it.
    @discardableResult
    mutating func pilot(_ high: Int, low: Int? = nil, connectorId: Int = 1) -> [HardwareEffect] {
        var effects: [HardwareEffect] = []
        for _ in 0..<2 {
            devices[connectorId]?.high = high
            devices[connectorId]?.low = low
            let shown = devices[connectorId]?.lowNow ?? high
            effects += handle(
                .driver(.pilotRead(connectorId: connectorId, highMillivolts: high, lowMillivolts: shown))
            )
        }
        return effects
    }

    /// One reading.
    @discardableResult
    mutating func reading(_ high: Int, low: Int = -12_000) -> [HardwareEffect] {
        handle(.driver(.pilotRead(connectorId: 1, highMillivolts: high, lowMillivolts: low)))
    }

    /// Two equal readings of the resistor in the plug.
    @discardableResult
    mutating func proximity(_ ohms: Int?, connectorId: Int = 1) -> [HardwareEffect] {
        let event = DriverEvent.proximityRead(connectorId: connectorId, ohms: ohms)
        return driver(event) + driver(event)
    }

    /// What the meter of connector 1 answers from now on.
    mutating func meterShows(_ sample: MeterSample) { devices[1]?.sample = sample }

    @discardableResult
    mutating func permit(
        _ milliamps: Int,
        granted: Bool = true,
        leaseSeconds: Int64 = 60,
        connectorId: Int = 1,
        transaction: String = Bench.transaction,
        phases: Int? = nil
    ) -> [HardwareEffect] {
        let request = Permit(
            connectorId: connectorId,
            granted: granted,
            limitMilliamps: milliamps,
            validUntilUptime: now.uptime.wholeMilliseconds + leaseSeconds * 1000,
            transaction: transaction,
            phases: phases
        )
        return handle(.permitRequested(nextID(), request))
    }

    @discardableResult
    mutating func withdraw(connectorId: Int = 1, transaction: String = Bench.transaction) -> [HardwareEffect] {
        permit(0, granted: false, connectorId: connectorId, transaction: transaction)
    }

    @discardableResult
    mutating func lock(connectorId: Int = 1) -> [HardwareEffect] {
        handle(.lockRequested(nextID(), Lock(connectorId: connectorId)))
    }

    @discardableResult
    mutating func unlock(connectorId: Int = 1) -> [HardwareEffect] {
        handle(.unlockRequested(nextID(), Unlock(connectorId: connectorId)))
    }

    @discardableResult
    mutating func clear(_ code: HardwareFaultCode) -> [HardwareEffect] {
        handle(.clearFaultRequested(nextID(), ClearFault(connectorId: 1, code: code)))
    }

    /// Lets time pass, deadline by deadline and second by second.
    @discardableResult
    mutating func wait(_ duration: Duration, pilotHigh: Int? = nil, answeringMeter sample: MeterSample? = nil)
        -> [HardwareEffect]
    {
        if let pilotHigh {
            devices[1]?.high = pilotHigh
            devices[1]?.low = nil
        }
        if let sample { meterShows(sample) }
        let end = now.advanced(by: duration)
        var effects: [HardwareEffect] = []
        while true {
            let deadline = machine.nextDeadline?.at ?? end.uptime
            let next = min(deadline, reportDue)
            guard next <= end.uptime, next < end.uptime || machine.nextDeadline?.at == next || reportDue == next else {
                break
            }
            if next > now.uptime { now = now.advanced(by: next - now.uptime) }
            if reportDue <= now.uptime {
                reportDue = now.uptime + .seconds(1)
                effects += report()
            }
            if let deadline = machine.nextDeadline, deadline.isDue(at: now.uptime) {
                effects += perform(machine.deadlineReached(at: now))
            }
        }
        now = end
        return effects
    }

    /// Every sensor that is alive says what it sees.
    private mutating func report() -> [HardwareEffect] {
        var events: [DriverEvent] = []
        for (id, shown) in devices.sorted(by: { $0.key < $1.key }) {
            if let high = shown.high, let low = shown.lowNow, !silent.contains(.pilot) {
                events.append(.pilotRead(connectorId: id, highMillivolts: high, lowMillivolts: low))
            }
            if let closed = shown.mirror, !silent.contains(.mirror) {
                events.append(.contactorFeedback(connectorId: id, closed: closed))
            }
            if let closed = shown.phasesClosed, !silent.contains(.phases) {
                events.append(.phaseFeedback(connectorId: id, closed: closed))
            }
            if let live = shown.live, !silent.contains(.voltage) {
                events.append(.outputVoltageRead(connectorId: id, live: live))
            }
            if let locked = shown.locked, !silent.contains(.lock) {
                events.append(.lockFeedback(connectorId: id, locked: locked))
            }
            if let ohms = shown.ohms, !silent.contains(.proximity) {
                events.append(.proximityRead(connectorId: id, ohms: ohms))
            }
        }
        return events.flatMap { handle(.driver($0)) }
    }

    private mutating func perform(_ effects: [HardwareEffect]) -> [HardwareEffect] {
        var all = effects
        for effect in effects {
            switch effect {
            case .command(.setPilot(let id, let signal)): devices[id]?.signal = signal
            case .command(.readMeter(let id)) where !silent.contains(.meter):
                all += handle(.driver(.meterRead(connectorId: id, nextSample(id))))
            case .rememberLatches(let outlet):
                latches.removeAll { $0.connectorId == outlet.connectorId }
                latches.append(outlet)
            case .store(let document):
                writes += 1
                if isDiskSlow {
                    memory = document
                } else if memory == nil {
                    all += handle(.memoryNotStored(reason: "the disk is full"))
                } else {
                    memory = document
                    all += handle(.memoryStored)
                }
            default: break
            }
        }
        return all
    }

    private mutating func nextSample(_ connectorId: Int) -> MeterSample {
        var sample = devices[connectorId]?.sample ?? Self.sample(energyWh: 1000)
        let phases = configurations.first { $0.connectorId == connectorId }?.phases ?? 1
        if !isMeterFrozen { sampleNumber += 1 }
        guard sample.voltageMillivolts == [230_000], sample.currentMilliamps.count == 1 else { return sample }
        sample.voltageMillivolts = Array(repeating: 230_000 + sampleNumber % 10, count: phases)
        sample.currentMilliamps = Array(repeating: sample.currentMilliamps[0], count: phases)
        return sample
    }

    private mutating func nextID() -> RequestID {
        requests += 1
        return RequestID(requests)
    }
}

extension [HardwareEffect] {
    var commands: [DriverCommand] {
        compactMap { effect in
            guard case .command(let command) = effect else { return nil }
            return command
        }
    }

    /// Without the readings of meters, which come and go everywhere.
    var orders: [DriverCommand] {
        commands.filter { command in
            guard case .readMeter = command else { return true }
            return false
        }
    }

    func published<M: BusMessage>(_: M.Type = M.self) -> [M] {
        compactMap { effect in
            guard case .publish(let message) = effect else { return nil }
            return message.value as? M
        }
    }

    var connector: ConnectorState? { published(ConnectorState.self).last }

    var faults: [HardwareFault] { published() }

    var refusal: BusError? {
        for case .refuse(_, let error) in self { return error }
        return nil
    }

    var replies: [HardwareReply] {
        compactMap { effect in
            guard case .reply(_, let reply) = effect else { return nil }
            return reply
        }
    }
}
