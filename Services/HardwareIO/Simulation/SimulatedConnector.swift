import BusSchema
import HardwareCore
import Primitives

/// The devices of one connector and the EV in front of it.
///
/// Everything that takes time is a deadline; between two of them current is constant, so that energy is computed, not sampled.
struct SimulatedConnector: Equatable, Sendable {
    enum Delay: String, DeadlineName {
        case contactor = "the contactor's armature moves"
        case phases = "the phase contactor's armature moves"
        case lock = "the lock's bolt arrives"
        case vehicle = "the EV closes or opens S2"
        case draw = "the EV's charger reaches another current"
        /// Once a second while current flows.
        case tick = "a battery that fills takes less"
        case repair = "a rare fault ends"
        case full = "the battery is full"
        case test = "the residual current device has been tested"
    }

    /// What hardware-io ordered last; coils, bolt and generator follow in their time, or do not.
    private struct Orders: Equatable, Sendable {
        var contactorClosed = false
        var phases = PhaseCount.one
        /// `nil`: the bolt arrived where it was sent, or was never sent.
        var locked: Bool?
        var pilot = PilotSignal.x1
    }

    static let contactorDelay = Duration.milliseconds(20)
    static let lockDelay = Duration.milliseconds(400)
    /// From seeing an offer to asking for energy.
    static let vehicleAskDelay = Duration.milliseconds(300)
    /// From seeing the offer vanish to opening S2.
    static let vehicleStopDelay = Duration.seconds(1)
    static let drawDelay = Duration.seconds(1)
    /// Of a test of the residual current device, which trips and recovers meanwhile.
    static let testDelay = Duration.milliseconds(200)

    let configuration: ConnectorConfiguration
    private(set) var power: SimulatedPower
    /// The part that outlives the process.
    var place: SimulatedWorld.Place

    private var delays = Deadlines<Delay>()
    private var integratedUntil: Duration
    private var orders = Orders()
    private(set) var contactorClosed = false
    /// S2 is closed: state C.
    private(set) var asks = false
    private(set) var drawnMilliamps = 0
    /// Of the mains.
    private var noise: SeededRandom
    private var sensors: SimulatedSensors
    private var quantities: SimulatedQuantities

    init(
        configuration: ConnectorConfiguration,
        place: SimulatedWorld.Place,
        simulation: SimulationConfiguration,
        at start: Moment
    ) {
        let noise = simulation.noise
        let seed = simulation.seed &+ UInt64(configuration.connectorId)
        self.configuration = configuration
        self.place = place
        if place.broken.has(.registerAtStart) {
            self.place.registerMicrowattSeconds = 0
            self.place.broken.set(.registerAtStart, broken: false)
        }
        power = SimulatedPower(phases: configuration.phases, nominalMillivolts: simulation.nominalMillivolts)
        if configuration.equipment.switchesPhases {
            // As the coil of the contactor, and so is a contact that is stuck.
            power.connectedPhases = place.broken.has(.phaseContactor) ? place.phases ?? 1 : 1
            self.place.phases = power.connectedPhases
        }
        integratedUntil = start.uptime
        // Coils are without current at a start; a welded contact does not mind.
        contactorClosed = place.broken.contactorStuckClosed == true
        self.noise = SeededRandom(seed: seed)
        sensors = SimulatedSensors(noise, seed: seed &+ 1_000_000)
        quantities = SimulatedQuantities(simulation.measurands, noise: noise, seed: seed &+ 2_000_000)
    }

    var nextDeadline: Deadline? { earliest(delays.next, sensors.nextDeadline) }

    private var id: Int { configuration.connectorId }
    private var offeredMilliamps: Int { SimulatedPilot.offeredMilliamps(orders.pilot) }
    var hasLock: Bool { configuration.cable == .socket(lock: true) }
    var hasSocket: Bool { configuration.cable != .fixed }

    /// The present position of everything, for a core that starts.
    mutating func start(at uptime: Duration) -> [DriverEvent] {
        // What says nothing while nothing happens to it answers its first question, as a real one does.
        let silent: [Device] = [
            .emergencyStop(connectorId: id), .indicator(connectorId: id), .residualCurrent(connectorId: id),
        ]
        var events = silent.map { DriverEvent.deviceRecovered($0) }
        if place.broken.pilotLost { events.append(.deviceLost(.pilot(connectorId: id), reason: "no answer")) }
        for part in SimulatedWorld.Broken.lostParts where place.broken.has(part) {
            events += lostDevice(part).map { [.deviceLost($0, reason: "no answer")] } ?? []
        }
        for code in place.broken.reported { events.append(report(HardwareFaultCode(rawValue: code), present: true)) }
        return sensors.reportAll(view, at: uptime) + events + settle(at: uptime)
    }

    mutating func perform(_ command: DriverCommand, at uptime: Duration) -> [DriverEvent] {
        let events = advance(to: uptime)
        switch command {
        case .openContactor:
            orders.contactorClosed = false
            delays.set(.contactor, at: uptime + Self.contactorDelay)
        case .closeContactor:
            orders.contactorClosed = true
            delays.set(.contactor, at: uptime + Self.contactorDelay)
        case .switchPhases(_, let count):
            if !place.broken.has(.phaseContactorLost) { movePhases(count, at: uptime) }
        case .readPosition(let device): return events + settle(at: uptime) + sensors.read(device, view)
        case .setPilot(_, let signal): orders.pilot = signal
        case .lock: moveLock(locked: true, at: uptime)
        case .unlock: moveLock(locked: false, at: uptime)
        case .readMeter: askMeter(at: uptime)
        case .testResidualCurrent:
            delays.set(.test, at: uptime + Self.testDelay)
        case .indicate, .show, .control: break
        }
        return events + settle(at: uptime)
    }

    /// Lets time pass: everything that happens until `uptime`, in its order.
    mutating func advance(to uptime: Duration) -> [DriverEvent] {
        var events: [DriverEvent] = []
        while let next = nextDeadline?.at, next <= uptime {
            integrate(to: next)
            if let delay = delays.popDue(at: next) {
                if delay == .test { events += testResidualCurrent() }
                happen(delay, at: next)
                events += settle(at: next)
            } else {
                events += sensors.due(view, at: next)
                if sensors.drawsRareFault() { events += beginRareFault(at: next) }
            }
        }
        integrate(to: uptime)
        return events
    }

    /// Draws the consequences of whatever changed, and reports what the sensors see of it.
    mutating func settle(at uptime: Duration) -> [DriverEvent] {
        settleVehicle(at: uptime)
        settleDraw(at: uptime)
        if drawnMilliamps == 0 {
            delays.clear(.tick)
        } else if !delays.isSet(.tick) {
            delays.set(.tick, at: uptime + .seconds(1))
        }
        return sensors.look(view, at: uptime)
    }

    private mutating func happen(_ delay: Delay, at uptime: Duration) {
        switch delay {
        case .contactor: setContactor(closed: place.broken.contactorStuckClosed ?? orders.contactorClosed)
        case .phases:
            if !place.broken.has(.phaseContactor) {
                power.connectedPhases = orders.phases.rawValue
                place.phases = power.connectedPhases
            }
        case .lock:
            if let order = orders.locked, !place.broken.lockJammed { setLock(locked: order) }
        case .vehicle:
            asks = place.vehicle?.wants(offeredMilliamps: offeredMilliamps) ?? false
        case .draw:
            drawnMilliamps = targetMilliamps
        case .tick:
            // A battery that fills takes less at once; an EV told to take more needs its time.
            if drawnMilliamps > 0, !delays.isSet(.draw) { drawnMilliamps = targetMilliamps }
        case .repair:
            for part in Self.rareFaults { place.broken.set(part, broken: false) }
        case .test: break
        case .full:
            break  // Settling sees that nothing is missing any more.
        }
    }

    /// What breaks by chance, and mends itself.
    private static let rareFaults: [SimulateHardware.Part] = [
        .pilotSensor, .mirrorSilent, .lockContact, .proximity, .meterFrozen, .meterSlow, .pwm,
    ]

    private mutating func beginRareFault(at uptime: Duration) -> [DriverEvent] {
        guard !delays.isSet(.repair), let part = Self.rareFaults.randomElement(using: &noise) else { return [] }
        place.broken.set(part, broken: true)
        delays.set(.repair, at: uptime + noise.duration(in: .seconds(2) ... .seconds(20)))
        return sensors.look(view, at: uptime)
    }

    private mutating func settleVehicle(at uptime: Duration) {
        guard let vehicle = place.vehicle else {
            asks = false
            delays.clear(.vehicle)
            return
        }
        let wants = vehicle.wants(offeredMilliamps: offeredMilliamps)
        if wants == asks {
            delays.clear(.vehicle)
        } else if !wants, !vehicle.ready || vehicle.isFull {
            // Its own wish: it ramps down before anybody notices and then opens S2.
            asks = false
            delays.clear(.vehicle)
        } else if !delays.isSet(.vehicle) {
            delays.set(.vehicle, at: uptime + (wants ? Self.vehicleAskDelay : Self.vehicleStopDelay))
        }
    }

    private var targetMilliamps: Int {
        guard contactorClosed, asks, let vehicle = place.vehicle else { return 0 }
        // Until it opens S2, an EV without an offer holds what it drew.
        guard offeredMilliamps > 0 || vehicle.stubbornMilliamps != nil else { return drawnMilliamps }
        return vehicle.draw(offeredMilliamps: offeredMilliamps)
    }

    private mutating func settleDraw(at uptime: Duration) {
        if targetMilliamps == drawnMilliamps {
            delays.clear(.draw)
        } else if !contactorClosed || !asks {
            drawnMilliamps = 0
            delays.clear(.draw)
        } else if !delays.isSet(.draw) {
            delays.set(.draw, at: uptime + Self.drawDelay)
        }
        settleFull(at: uptime)
    }

    private mutating func settleFull(at uptime: Duration) {
        let flow = power.milliwatts(at: drawnMilliamps) * Int64(configuration.energyTimeScale)
        guard let missing = place.vehicle?.missingMicrowattSeconds, missing > 0, flow > 0 else {
            delays.clear(.full)
            return
        }
        delays.set(.full, at: integratedUntil + .milliseconds((missing + flow - 1) / flow))
    }

    /// Adds what flowed since the last time. Whole milliseconds only: the rest waits for the next time.
    private mutating func integrate(to uptime: Duration) {
        let milliseconds = max((uptime - integratedUntil).wholeMilliseconds, 0)
        integratedUntil += .milliseconds(milliseconds)
        var energy = power.milliwatts(at: drawnMilliamps) * milliseconds * Int64(configuration.energyTimeScale)
        if let vehicle = place.vehicle {
            if vehicle.stubbornMilliamps == nil { energy = min(energy, vehicle.missingMicrowattSeconds) }
            place.vehicle?.missingMicrowattSeconds -= min(energy, vehicle.missingMicrowattSeconds)
        }
        place.registerMicrowattSeconds += energy
    }
}

// MARK: - Parts that move and sensors that see it

extension SimulatedConnector {
    /// What the sensors see.
    var view: SimulatedSensors.View {
        SimulatedSensors.View(
            connectorId: id,
            line: SimulatedPilot.Line(
                signal: orders.pilot,
                plugged: place.vehicle != nil,
                asks: asks,
                needsVentilation: place.broken.has(.ventilation),
                shorted: place.broken.pilotShorted,
                hasDiode: !place.broken.has(.diode),
                generatorIsDead: place.broken.has(.pwm)
            ),
            contactorClosed: contactorClosed,
            phasesClosed: configuration.equipment.switchesPhases && !place.broken.has(.phaseContactorLost)
                ? power.connectedPhases == 3 : nil,
            isLive: configuration.equipment.seesOutputVoltage && !place.broken.has(.outputVoltageLost)
                ? place.broken.has(.outputVoltageLive) || contactorClosed && !place.broken.has(.outputVoltage) : nil,
            locked: hasLock ? place.locked : nil,
            cableInSocket: hasSocket ? place.cableInSocket : nil,
            isPlugged: place.vehicle != nil,
            decidegrees: configuration.equipment.derating.map { _ in place.broken.has(.heat) ? 700 : 350 },
            broken: place.broken
        )
    }

    /// What is so, whatever the sensors say.
    var truth: SimulatedCharger.Truth {
        SimulatedCharger.Truth(isClosed: contactorClosed, phases: power.connectedPhases, milliamps: drawnMilliamps)
    }

    /// The phase contactor is told, or falls.
    mutating func movePhases(_ count: PhaseCount, at uptime: Duration) {
        orders.phases = count
        delays.set(.phases, at: uptime + Self.contactorDelay)
    }

    /// The phase contactor goes where it was told, once nothing holds it any more.
    mutating func releasePhases(at uptime: Duration) { movePhases(orders.phases, at: uptime) }

    /// What the main meter sees of it.
    var load: SimulatedMainMeter.Load {
        SimulatedMainMeter.Load(
            phases: power.connectedPhases,
            milliamps: drawnMilliamps,
            milliwatts: power.milliwatts(at: drawnMilliamps),
            registerMicrowattSeconds: place.registerMicrowattSeconds
        )
    }

    mutating func setContactor(closed: Bool) { contactorClosed = closed }

    mutating func setLock(locked: Bool) {
        orders.locked = nil
        place.locked = locked
        takeFreeCable()
    }

    /// Whoever unplugged the car takes the cable along as soon as it can be pulled.
    mutating func takeFreeCable() {
        if place.vehicle == nil, !place.locked { place.cableInSocket = false }
    }

    func report(_ code: HardwareFaultCode, present: Bool) -> DriverEvent {
        .faultReported(connectorId: id, code: code, present: present, detail: "simulated")
    }

    /// The coil's order as it stands, for a contactor that is repaired.
    var contactorFollows: Bool { orders.contactorClosed }

    /// The sensor works again: everything is reported anew.
    mutating func reportAnew(at uptime: Duration) -> [DriverEvent] { sensors.reportAll(view, at: uptime) }

    /// The mirror contact as it stands when the contactor has come to rest.
    mutating func showContactor() -> [DriverEvent] { sensors.showContactor(view) }

    /// It trips and recovers, and one that is broken does neither. What is tripped already cannot be tested.
    private func testResidualCurrent() -> [DriverEvent] {
        let isTripped = place.broken.reported.contains(HardwareFaultCode.groundFailure.rawValue)
        guard !isTripped, !place.broken.has(.residualCurrentTest) else {
            return [.residualCurrentTested(connectorId: id, passed: false)]
        }
        return [
            report(.groundFailure, present: true), report(.groundFailure, present: false),
            .residualCurrentTested(connectorId: id, passed: true),
        ]
    }

    private mutating func moveLock(locked: Bool, at uptime: Duration) {
        guard hasLock else { return }
        orders.locked = locked
        delays.set(.lock, at: uptime + Self.lockDelay)
    }

    private mutating func askMeter(at uptime: Duration) {
        var sample = power.sample(
            milliamps: drawnMilliamps,
            registerMicrowattSeconds: place.registerMicrowattSeconds,
            noise: &noise
        )
        sample.quantities = quantities.read(
            SimulatedQuantities.Load(
                voltageMillivolts: sample.voltageMillivolts,
                connectedPhases: power.connectedPhases,
                milliamps: drawnMilliamps,
                milliwatts: power.milliwatts(at: drawnMilliamps),
                registerMicrowattSeconds: place.registerMicrowattSeconds,
                missingMicrowattSeconds: place.vehicle?.missingMicrowattSeconds
            )
        )
        sensors.meterAsked(sample, view, at: uptime)
    }
}
