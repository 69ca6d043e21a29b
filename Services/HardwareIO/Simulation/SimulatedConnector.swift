import BusSchema
import HardwareCore
import Primitives

/// The devices of one connector and the EV in front of it.
///
/// Everything that takes time is a deadline; between two of them current is constant, so that energy is computed, not sampled.
struct SimulatedConnector: Equatable, Sendable {
    enum Delay: String, DeadlineName {
        case contactor = "the contactor's armature moves"
        case lock = "the lock's bolt arrives"
        case vehicle = "the EV closes or opens S2"
        case draw = "the EV's charger reaches another current"
        /// Once a second while current may flow.
        case tick = "taper and pilot"
        case full = "the battery is full"
    }

    static let contactorDelay = Duration.milliseconds(20)
    static let lockDelay = Duration.milliseconds(400)
    /// From seeing an offer to asking for energy.
    static let vehicleAskDelay = Duration.milliseconds(300)
    /// From seeing the offer vanish to opening S2.
    static let vehicleStopDelay = Duration.seconds(1)
    static let drawDelay = Duration.seconds(1)

    let configuration: ConnectorConfiguration
    let power: SimulatedPower
    /// The part that outlives the process.
    var place: SimulatedWorld.Place

    private var delays = Deadlines<Delay>()
    private var integratedUntil: Duration
    private var orderedClosed = false
    private(set) var contactorClosed = false
    private var lockOrder: Bool?
    private var signal = PilotSignal.x1
    /// S2 is closed: state C.
    private(set) var asks = false
    private(set) var drawnMilliamps = 0
    private var reportedHigh: Int?
    private var reportedLow: Int?
    private var noise: SeededRandom

    init(
        configuration: ConnectorConfiguration,
        place: SimulatedWorld.Place,
        nominalMillivolts: Int,
        seed: UInt64,
        at start: Moment
    ) {
        self.configuration = configuration
        self.place = place
        power = SimulatedPower(phases: configuration.phases, nominalMillivolts: nominalMillivolts)
        integratedUntil = start.uptime
        // Coils are without current at a start; a welded contact does not mind.
        contactorClosed = place.broken.contactorStuckClosed == true
        noise = SeededRandom(seed: seed)
    }

    var nextDeadline: Deadline? { delays.next }

    private var id: Int { configuration.connectorId }
    private var offeredMilliamps: Int { SimulatedPilot.offeredMilliamps(signal) }
    var hasLock: Bool { configuration.cable == .socket(lock: true) }
    var hasSocket: Bool { configuration.cable != .fixed }

    /// The present position of everything, for a core that starts.
    mutating func start(at uptime: Duration) -> [DriverEvent] {
        var events: [DriverEvent] = [.contactorFeedback(connectorId: id, closed: contactorClosed)]
        if hasLock { events.append(.lockFeedback(connectorId: id, locked: place.locked)) }
        if hasSocket { events.append(proximity) }
        if place.broken.pilotLost { events.append(.deviceLost(.pilot(connectorId: id), reason: "no answer")) }
        for code in place.broken.reported { events.append(report(HardwareFaultCode(rawValue: code), present: true)) }
        return events + settle(at: uptime)
    }

    mutating func perform(_ command: DriverCommand, at uptime: Duration) -> [DriverEvent] {
        var events = advance(to: uptime)
        switch command {
        case .openContactor:
            orderedClosed = false
            delays.set(.contactor, at: uptime + Self.contactorDelay)
        case .closeContactor:
            orderedClosed = true
            delays.set(.contactor, at: uptime + Self.contactorDelay)
        case .setPilot(_, let signal): self.signal = signal
        case .lock: moveLock(locked: true, at: uptime)
        case .unlock: moveLock(locked: false, at: uptime)
        case .readMeter: events.append(meterAnswer())
        case .indicate: break
        }
        return events + settle(at: uptime)
    }

    /// Lets time pass: everything that happens until `uptime`, in its order.
    mutating func advance(to uptime: Duration) -> [DriverEvent] {
        var events: [DriverEvent] = []
        while let next = delays.next?.at, next <= uptime {
            integrate(to: next)
            guard let delay = delays.popDue(at: next) else { break }
            events += happen(delay, at: next)
            events += settle(at: next)
        }
        integrate(to: uptime)
        return events
    }

    /// Draws the consequences of whatever changed, and reports what the sensors see of it.
    mutating func settle(at uptime: Duration) -> [DriverEvent] {
        settleVehicle(at: uptime)
        settleDraw(at: uptime)
        let mayFlow = orderedClosed || drawnMilliamps > 0
        if !mayFlow {
            delays.clear(.tick)
        } else if !delays.isSet(.tick) {
            delays.set(.tick, at: uptime + .seconds(1))
        }
        return pilotChange()
    }

    private mutating func happen(_ delay: Delay, at uptime: Duration) -> [DriverEvent] {
        switch delay {
        case .contactor:
            return setContactor(closed: place.broken.contactorStuckClosed ?? orderedClosed)
        case .lock:
            guard let order = lockOrder, !place.broken.lockJammed else { return [] }
            return setLock(locked: order)
        case .vehicle:
            asks = place.vehicle?.wants(offeredMilliamps: offeredMilliamps) ?? false
        case .draw:
            drawnMilliamps = targetMilliamps
        case .tick:
            // A battery that fills takes less at once; an EV told to take more needs its time.
            if drawnMilliamps > 0, !delays.isSet(.draw) { drawnMilliamps = targetMilliamps }
            reportedHigh = nil
        case .full:
            break  // Settling sees that nothing is missing any more.
        }
        return []
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
    mutating func setContactor(closed: Bool) -> [DriverEvent] {
        guard closed != contactorClosed else { return [] }
        contactorClosed = closed
        return [.contactorFeedback(connectorId: id, closed: closed)]
    }

    mutating func setLock(locked: Bool) -> [DriverEvent] {
        lockOrder = nil
        guard locked != place.locked else { return [.lockFeedback(connectorId: id, locked: locked)] }
        place.locked = locked
        return [.lockFeedback(connectorId: id, locked: locked)] + takeFreeCable()
    }

    /// Whoever unplugged the car takes the cable along as soon as it can be pulled.
    mutating func takeFreeCable() -> [DriverEvent] {
        guard place.cableInSocket, place.vehicle == nil, !place.locked else { return [] }
        place.cableInSocket = false
        return [proximity]
    }

    var proximity: DriverEvent { .proximityRead(connectorId: id, ohms: place.cableInSocket ? 220 : nil) }

    func report(_ code: HardwareFaultCode, present: Bool) -> DriverEvent {
        .faultReported(connectorId: id, code: code, present: present, detail: "simulated")
    }

    /// The coil's order as it stands, for a contactor that is repaired.
    var contactorFollows: Bool { orderedClosed }

    private mutating func moveLock(locked: Bool, at uptime: Duration) {
        guard hasLock else { return }
        lockOrder = locked
        delays.set(.lock, at: uptime + Self.lockDelay)
    }

    private mutating func meterAnswer() -> DriverEvent {
        guard !place.broken.meterSilent else { return .meterFailed(connectorId: id, reason: "no answer") }
        let sample = power.sample(
            milliamps: drawnMilliamps,
            registerMicrowattSeconds: place.registerMicrowattSeconds,
            noise: &noise
        )
        return .meterRead(connectorId: id, sample)
    }

    /// Two equal readings for a change, as a board that samples every 10 ms would give them.
    private mutating func pilotChange() -> [DriverEvent] {
        guard !place.broken.pilotLost else { return [] }
        let (high, low) = SimulatedPilot.voltages(
            signal: signal,
            plugged: place.vehicle != nil,
            asks: asks,
            shorted: place.broken.pilotShorted
        )
        guard high != reportedHigh || low != reportedLow else { return [] }
        reportedHigh = high
        reportedLow = low
        let reading = DriverEvent.pilotRead(connectorId: id, highMillivolts: high, lowMillivolts: low)
        return [reading, reading]
    }

    /// The sensor works again: everything is reported anew.
    mutating func forgetReportedPilot() {
        reportedHigh = nil
        reportedLow = nil
    }
}
