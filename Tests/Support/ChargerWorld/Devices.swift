import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives

/// The simulated devices. They are real here: they outlive the process of hardware-io, as a car and a meter do.
final class Devices {
    /// Where hardware-io is told what they report.
    var report: (DriverEvent) -> Void = { _ in }
    /// Somebody reads along, before hardware-io.
    var sensed: (DriverEvent) -> Void = { _ in }
    /// A contactor moved.
    var contactorMoved: (_ connectorId: Int, _ isClosed: Bool) -> Void = { _, _ in }

    private let timeline: Timeline
    private let clock: MachineClock
    private let configuration: SimulationConfiguration
    /// While hardware-io runs.
    private var charger: SimulatedCharger?
    /// While it does not.
    private var yard = SimulatedWorld()
    /// As they stood after the last thing that happened to them.
    private var places: [SimulatedWorld.Place] = []
    private var alarm: Timeline.Alarm?
    /// Which EV stands at each connector, or stood there last, and since when it is gone.
    private var vehicles: [Int: (number: Int, goneSince: Duration?)] = [:]

    init(_ timeline: Timeline, _ clock: MachineClock, _ configuration: SimulationConfiguration) {
        self.timeline = timeline
        self.clock = clock
        self.configuration = configuration
        alarm = timeline.addAlarm(
            isExact: true,
            next: { [unowned self] in (charger?.nextDeadline).map { clock.worldTime($0.at) } },
            fire: { [unowned self] in move { $0.deadlineReached(at: $1) } }
        )
    }

    /// hardware-io opens them.
    func attach() { charger = SimulatedCharger(configuration: configuration, world: yard, at: clock.moment) }

    /// They tell everything about themselves.
    func start() { move { $0.handle(.started, at: $1) } }

    /// The process is gone: coils fall, everything else stays as it is.
    func detach() {
        guard charger != nil else { return }
        yard = current
        charger = nil
        alarm?.touch()
        for connector in configuration.connectors { contactorMoved(connector.connectorId, false) }
    }

    func perform(_ command: DriverCommand) { move { $0.handle(.commanded(command), at: $1) } }

    /// Moves what people move. Does nothing that cannot be done.
    func simulate(_ request: SimulateHardware) {
        defer { if let id = request.connectorId { noteVehicle(id) } }
        if charger != nil {
            move { charger, moment in (try? charger.simulate(request, at: moment)) ?? [] }
        } else {
            // Nobody looks: what is moved stays moved.
            var devices = SimulatedCharger(configuration: configuration, world: yard, at: clock.moment)
            _ = try? devices.simulate(request, at: clock.moment)
            yard = devices.world
            places = yard.connectors
        }
    }

    /// Whoever plugs in again at once has still the same EV; later it is another one.
    private func noteVehicle(_ connectorId: Int) {
        let last = vehicles[connectorId] ?? (0, .zero)
        switch (isPlugged(connectorId), last.goneSince) {
        case (false, nil): vehicles[connectorId] = (last.number, timeline.now)
        case (true, .some(let gone)):
            let isAnother = timeline.now - gone > ConnectorState.longestGap
            vehicles[connectorId] = (isAnother ? last.number + 1 : last.number, nil)
        default: break
        }
    }

    /// The number of the EV that stands there, or stood there last.
    func vehicle(_ connectorId: Int) -> Int { vehicles[connectorId]?.number ?? 0 }

    /// Whether an EV stands at the connector.
    func isPlugged(_ connectorId: Int) -> Bool { place(connectorId)?.vehicle != nil }

    /// Whether a plug is in the socket, or an EV at the fixed cable.
    func hasPlug(_ connectorId: Int) -> Bool {
        place(connectorId).map { $0.vehicle != nil || $0.cableInSocket } ?? false
    }

    /// Whether that EV takes energy when it gets it.
    func wantsEnergy(_ connectorId: Int) -> Bool {
        place(connectorId)?.vehicle.map { $0.ready && $0.missingMicrowattSeconds > 0 } ?? false
    }

    func isLocked(_ connectorId: Int) -> Bool { place(connectorId)?.locked ?? false }

    /// Where the contacts of a connector are, and what of it is broken; nil while hardware-io does not run.
    func switches(_ connectorId: Int) -> PhaseAudit.Facts? {
        guard let contacts = charger?.truth(of: connectorId), let place = place(connectorId) else { return nil }
        return PhaseAudit.Facts(contacts: contacts, broken: place.broken)
    }

    /// A contactor that follows nobody.
    func isContactorStuck(_ connectorId: Int) -> Bool { place(connectorId)?.broken.contactorStuckClosed != nil }

    private func place(_ connectorId: Int) -> SimulatedWorld.Place? {
        places.first { $0.connectorId == connectorId }
    }

    /// The meter's register as it is, Wh with its fraction.
    func registerWh(_ connectorId: Int) -> Double {
        let place = current.connectors.first { $0.connectorId == connectorId }
        return place.map { Double($0.registerMicrowattSeconds) / 3_600_000_000 } ?? 1_000_000
    }

    /// The devices as they are at this very instant.
    private var current: SimulatedWorld {
        guard var devices = charger else { return yard }
        for connector in configuration.connectors {
            _ = devices.handle(.commanded(.readMeter(connectorId: connector.connectorId)), at: clock.moment)
        }
        return devices.world
    }

    private func move(_ body: (inout SimulatedCharger, Moment) -> [DriverEvent]) {
        alarm?.touch()
        guard var devices = charger else { return }
        let events = body(&devices, clock.moment)
        charger = devices
        places = devices.world.connectors
        for connector in configuration.connectors {
            let id = connector.connectorId
            contactorMoved(id, devices.truth(of: id)?.isClosed == true)
        }
        for event in events {
            sensed(event)
            report(event)
        }
    }
}
