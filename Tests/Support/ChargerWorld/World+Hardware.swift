public import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives

/// hardware-io and its devices. The devices are real here: they outlive the process, as a car and a meter do.
extension World {
    /// Moves the world in front of the charger. Does nothing that cannot be done.
    public mutating func simulate(_ request: SimulateHardware) {
        note("people", request)
        if [.fault, .clear, .meter, .lock].contains(request.action) {
            auditor.disturbed(at: now)
            auditor.isDeviceBroken = request.action != .clear
        }
        if charger != nil {
            takeDevices { charger, moment in (try? charger.simulate(request, at: moment)) ?? [] }
        } else {
            // Nobody looks: what is moved stays moved.
            var devices = SimulatedCharger(configuration: Self.devices(settings), world: yard, at: moment)
            _ = try? devices.simulate(request, at: moment)
            yard = devices.world
        }
    }

    /// Whether an EV stands at the connector.
    public func isPlugged(_ connectorId: Int = 1) -> Bool {
        (charger?.world ?? yard).connectors.first { $0.connectorId == connectorId }?.vehicle != nil
    }

    /// The meter's register as it is, Wh with its fraction.
    public func registerWh(_ connectorId: Int = 1) -> Double {
        let world = current
        let place = world.connectors.first { $0.connectorId == connectorId }
        return place.map { Double($0.registerMicrowattSeconds) / 3_600_000_000 } ?? 1_000_000
    }

    /// The devices as they are at this very instant.
    private var current: SimulatedWorld {
        guard var devices = charger else { return yard }
        for id in 1...settings.connectors { _ = devices.handle(.commanded(.readMeter(connectorId: id)), at: moment) }
        return devices.world
    }

    /// The process is gone: coils fall, everything else stays as it is.
    mutating func leaveDevices() {
        guard charger != nil else { return }
        yard = current
        charger = nil
        for id in 1...settings.connectors { contactorMoved(id, closed: false) }
    }

    mutating func takeDevices(_ body: (inout SimulatedCharger, Moment) -> [DriverEvent]) {
        touched.insert(.charger)
        guard var devices = charger else { return }
        let events = body(&devices, moment)
        charger = devices
        for event in events {
            if case .contactorFeedback(let id, let closed) = event { contactorMoved(id, closed: closed) }
            tellHardware(.driver(event))
        }
    }

    mutating func chargerDeadline() {
        takeDevices { charger, moment in charger.deadlineReached(at: moment) }
    }

    mutating func hardwareDeadline() {
        let moment = moment
        guard let effects = hardware?.deadlineReached(at: moment) else { return }
        performHardware(effects)
    }

    mutating func tellHardware(_ event: HardwareMachine.Event) {
        hardwareInputs.append(event)
        guard !busy[.hardware] else { return }
        performHardware([])
    }

    /// Performs, then feeds what came in meanwhile, one after the other.
    private mutating func performHardware(_ first: [HardwareEffect]) {
        touched.insert(.hardware)
        busy[.hardware] = true
        for effect in first { perform(effect) }
        while hardware != nil, !hardwareInputs.isEmpty {
            let event = hardwareInputs.removeFirst()
            let moment = moment
            guard let effects = hardware?.handle(event, at: moment) else { break }
            for effect in effects { perform(effect) }
        }
        hardwareInputs = []
        busy[.hardware] = false
    }

    private mutating func perform(_ effect: HardwareEffect) {
        guard hardware != nil else { return }
        switch effect {
        case .command(let command): takeDevices { $0.handle(.commanded(command), at: $1) }
        case .reply(let id, let reply): answer(id.value, .hardware(reply), from: .hardware)
        case .refuse(let id, let error): answer(id.value, .error(error), from: .hardware)
        case .publish(let message):
            if let state = message.value as? ConnectorState { auditor.hardwareSays(state, at: now) }
            publish(message, from: .hardware)
        case .log(let record): log("hardware", record)
        case .finish: end(.hardware, restartAfter: .seconds(1))
        }
    }

    private mutating func contactorMoved(_ connectorId: Int, closed: Bool) {
        auditor.contactor(connectorId, isClosed: closed, at: now)
    }
}
