public import BusSchema
public import HardwareCore
public import Primitives

/// All simulated devices of a charger, behind the boundary of real drivers: commands in, what sensors report out.
public struct SimulatedCharger: Machine {
    public enum Event: Equatable, Sendable {
        /// Somebody listens from now on: everything reports where it is.
        case started
        case commanded(DriverCommand)
    }

    public typealias Effect = DriverEvent

    /// What is so at a connector, whatever its sensors say.
    public struct Truth: Equatable, Sendable {
        /// The contacts of the contactor touch.
        public var isClosed: Bool
        /// How many phases lead to the contactor.
        public var phases: Int
        /// What the EV draws of each of them, mA.
        public var milliamps: Int
    }

    private let configuration: SimulationConfiguration
    private var connectors: [SimulatedConnector]
    private var readers: [SimulatedReader]
    private var mainMeter: SimulatedMainMeter?

    /// `world` is what was left by the last run; devices that it does not know are new.
    public init(configuration: SimulationConfiguration, world: SimulatedWorld = SimulatedWorld(), at start: Moment) {
        self.configuration = configuration
        let fresh = MicrowattSeconds.of(wattHours: configuration.firstRegisterWh)
        connectors = configuration.connectors.sorted { $0.connectorId < $1.connectorId }.map { connector in
            SimulatedConnector(
                configuration: connector,
                place: world.connectors.first { $0.connectorId == connector.connectorId }
                    ?? SimulatedWorld.Place(connectorId: connector.connectorId, registerMicrowattSeconds: fresh),
                simulation: configuration,
                at: start
            )
        }
        readers = configuration.readerIds.sorted().map {
            SimulatedReader(
                readerId: $0,
                isBroken: world.brokenReaderIds.contains($0),
                bounces: configuration.noise.cardsBounce
            )
        }
        mainMeter = configuration.mainMeter.map { SimulatedMainMeter($0, configuration) }
    }

    /// What a later run needs to go on. Store it before a register that depends on it leaves the process.
    public var world: SimulatedWorld {
        SimulatedWorld(
            connectors: connectors.map(\.place),
            brokenReaderIds: readers.filter(\.isBroken).map(\.readerId)
        )
    }

    /// Nil where no such connector is simulated.
    public func truth(of connectorId: Int) -> Truth? {
        connectors.first { $0.configuration.connectorId == connectorId }?.truth
    }

    /// For people, one line per device.
    public var summary: String { (connectors.map(\.summary) + readers.map(\.summary)).joined(separator: "\n") }

    public var nextDeadline: Deadline? {
        earliest(
            earliest(of: connectors.lazy.map(\.nextDeadline)),
            earliest(of: readers.lazy.map(\.nextDeadline)),
            mainMeter?.nextDeadline
        )
    }

    public mutating func handle(_ event: Event, at moment: Moment) -> [DriverEvent] {
        switch event {
        case .started:
            var events = connectors.indices.flatMap { connectors[$0].start(at: moment.uptime) }
            for reader in readers { events += reader.start() }
            return events
        case .commanded(let command):
            if command == .readMeter(connectorId: MainMeterConfiguration.connectorId) {
                return askMainMeter(at: moment.uptime)
            }
            // A command for something that is not simulated here is for another driver.
            guard let index = connectors.firstIndex(where: { $0.configuration.connectorId == command.connectorId })
            else { return [] }
            return connectors[index].perform(command, at: moment.uptime)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [DriverEvent] {
        var events: [DriverEvent] = []
        for index in connectors.indices {
            guard let deadline = connectors[index].nextDeadline, deadline.isDue(at: moment.uptime) else { continue }
            events += connectors[index].advance(to: moment.uptime)
        }
        for index in readers.indices { events += readers[index].advance(to: moment.uptime) }
        return events + (mainMeter?.advance(to: moment.uptime) ?? [])
    }

    /// What it shows is counted up to now.
    private mutating func askMainMeter(at uptime: Duration) -> [DriverEvent] {
        let events = connectors.indices.flatMap { connectors[$0].advance(to: uptime) }
        mainMeter?.asked(connectors.map(\.load), at: uptime)
        return events
    }

    /// Moves the simulated world.
    ///
    /// A connector or reader that is not named is the only one, if there is only one.
    /// - Throws: `BusError` with `invalid` or `refused`; then nothing changed.
    public mutating func simulate(_ request: SimulateHardware, at moment: Moment) throws(BusError) -> [DriverEvent] {
        if isForReader(request) {
            let index = try pick(request.readerId, among: readers.map(\.readerId), "reader")
            return try readers[index].simulate(request, at: moment.uptime)
        }
        let index = try pick(request.connectorId, among: connectors.map(\.configuration.connectorId), "connector")
        let vehicle = SimulatedWorld.Vehicle(
            ready: true,
            currentMilliamps: configuration.vehicleMilliamps,
            missingMicrowattSeconds: MicrowattSeconds.of(wattHours: configuration.vehicleBatteryWh),
            stubbornMilliamps: nil
        )
        // A copy, so that a request that is refused half-way changes nothing.
        var connector = connectors[index]
        let events = try connector.simulate(request, plugging: vehicle, at: moment.uptime)
        connectors[index] = connector
        return events
    }

    /// The device that a request moves, as far as it moves one; nil where that is not known before it is looked at.
    public func device(of request: SimulateHardware) -> Device? {
        if isForReader(request) {
            return (request.readerId ?? readers.first?.readerId).map { .reader(readerId: $0) }
        }
        guard let connectorId = request.connectorId ?? connectors.first?.configuration.connectorId else { return nil }
        switch request.action {
        case .plug, .unplug, .ev, .load: return .pilot(connectorId: connectorId)
        case .lock: return .lock(connectorId: connectorId)
        case .meter: return .meter(connectorId: connectorId)
        case .part:
            switch request.part {
            case .mirrorSilent, .mirrorOpen: return .contactor(connectorId: connectorId)
            case .phaseContactor, .phaseContactorLost: return .phaseContactor(connectorId: connectorId)
            case .outputVoltage, .outputVoltageLive, .outputVoltageLost:
                return .outputVoltage(connectorId: connectorId)
            case .lockContact: return .lock(connectorId: connectorId)
            case .proximity: return .proximity(connectorId: connectorId)
            case .heat: return .temperature(connectorId: connectorId)
            case .residualCurrentTest: return .residualCurrent(connectorId: connectorId)
            case .meterFrozen, .meterSlow, .registerAtStart: return .meter(connectorId: connectorId)
            default: return .pilot(connectorId: connectorId)
            }
        case .fault:
            switch request.fault {
            case .powerSwitchFailure: return .contactor(connectorId: connectorId)
            case .powerMeterFailure: return .meter(connectorId: connectorId)
            case .connectorLockFailure: return .lock(connectorId: connectorId)
            case .evCommunicationError, .internalError: return .pilot(connectorId: connectorId)
            default: return nil
            }
        default: return nil
        }
    }

    private func isForReader(_ request: SimulateHardware) -> Bool {
        request.action == .swipe || request.fault == .readerFailure
            || (request.readerId != nil && request.connectorId == nil)
    }

    private func pick(_ id: Int?, among ids: [Int], _ kind: String) throws(BusError) -> Int {
        if let id {
            guard let index = ids.firstIndex(of: id) else {
                throw BusError(.invalid, "there is no simulated \(kind) \(id)")
            }
            return index
        }
        guard ids.count == 1 else { throw BusError(.invalid, "\(kind)Id is missing, there are \(ids.count) of them") }
        return 0
    }
}
