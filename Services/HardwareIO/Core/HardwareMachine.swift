public import BusSchema
public import Primitives

/// All decisions of hardware-io: connectors and readers, each a machine of its own, independent of each other.
public struct HardwareMachine: Machine {
    public enum Event: Equatable, Sendable {
        /// Devices are there to be ordered. Comes first, once.
        case started
        /// Something was reported, by a reading that was taken at this uptime; nil for now. Its age counts from then, however late it comes. A
        /// meter's was taken when the first register of it was asked for.
        case driver(DriverEvent, takenAt: Duration? = nil)
        case permitRequested(RequestID, Permit)
        case lockRequested(RequestID, Lock)
        case unlockRequested(RequestID, Unlock)
        case indicateRequested(RequestID, Indicate)
        case clearFaultRequested(RequestID, ClearFault)
        case cardRequested(RequestID, ShowCard)
        case testRequested(RequestID, TestHardware)
        case restartRequested(RequestID, RestartHardware)
        /// What the last `store` asked for is on disk.
        case memoryStored
        /// It is not; it will be asked for again.
        case memoryNotStored(reason: String)
        /// The process is to end: everything goes to its safe state, then comes `finish`.
        case terminationRequested

        /// When the reading in it was taken, if it is one and its driver says so.
        var takenAt: Duration? { if case .driver(_, let takenAt) = self { takenAt } else { nil } }
    }

    private enum State: Equatable {
        case running
        /// Waits for contactors to open, and for the disk until then. Next: finished.
        case terminating(writeLimit: Duration, restarts: Bool)
        case finished
    }

    /// A disk that stands still holds the end up for so long.
    private static let writeLimit = Duration.seconds(2)

    private var state = State.running
    private let bootId: String
    /// Sorted by id, so that effects have one order.
    private var outlets: [OutletMachine]
    private var readers: [(id: Int, machine: ReaderMachine)]
    private var mainMeter: MainMeterMachine?
    private var keeper: MemoryKeeper
    /// As the next process of this boot would find it.
    private var latches: [OutletLatches]
    private var devices: DeviceLedger

    /// - Parameters:
    ///   - configuration: What is built in.
    ///   - bootId: Random at each start; tells others that permits are gone.
    ///   - memory: What the last run stored.
    ///   - readings: What the last run of this boot of the machine remembered, the newest of each meter.
    ///   - vehicles: What it saw last of EVs, by connector.
    ///   - latches: What it latched, by connector, whether or not that is stored.
    ///   - start: Contactors rest from here on before they close for the first time.
    public init(
        configuration: HardwareConfiguration,
        bootId: String,
        memory: HardwareMemory = HardwareMemory(),
        readings: [MeterReading] = [],
        vehicles: [VehicleSight] = [],
        latches: [OutletLatches] = [],
        at start: Moment
    ) {
        self.bootId = bootId
        outlets = configuration.connectors.sorted { $0.connectorId < $1.connectorId }
            .map { connector in
                let latched = latches.last { $0.connectorId == connector.connectorId }
                return OutletMachine(
                    connector,
                    memory: memory.outlet(connector.connectorId).with(latched),
                    testSince: latched?.residualCurrentTestSince,
                    reading: readings.last { $0.connectorId == connector.connectorId },
                    vehicle: vehicles.last { $0.connectorId == connector.connectorId },
                    at: start.uptime
                )
            }
        readers = configuration.readers.sorted { $0.readerId < $1.readerId }
            .map { ($0.readerId, ReaderMachine(configuration: $0)) }
        devices = DeviceLedger(configuration.devices)
        mainMeter = configuration.mainMeter.map { meter in
            MainMeterMachine(
                meter,
                reading: readings.last { $0.connectorId == MainMeterConfiguration.connectorId },
                at: start.uptime
            )
        }
        self.latches = outlets.map { outlet in
            latches.last { $0.connectorId == outlet.connectorId } ?? OutletLatches(connectorId: outlet.connectorId)
        }
        // What the owners made of it, or a start by itself would be something to store; what only the latches knew is.
        let stored = outlets.map { outlet in
            let onDisk = memory.outlet(outlet.connectorId)
            let latched = latches.last { $0.connectorId == outlet.connectorId }
            return onDisk.with(latched) == onDisk ? outlet.memory : outlet.memory.latched(as: onDisk)
        }
        keeper = MemoryKeeper(stored: HardwareMemory(outlets: stored), at: start.uptime)
        precondition(
            Set(outlets.map(\.connectorId)).count == outlets.count && Set(readers.map(\.id)).count == readers.count,
            "Ids of connectors and readers are unique: the configuration was checked."
        )
    }

    /// Its connectors, ascending.
    public var connectorIds: [Int] { outlets.map(\.connectorId) }

    /// The permit in force on a connector; nil without one.
    public func permit(on connectorId: Int) -> PermitInForce? {
        outlets.first { $0.connectorId == connectorId }?.permit
    }

    /// Present faults of a connector, worst first.
    public func faults(on connectorId: Int) -> [HardwareFaultCode] {
        outlets.first { $0.connectorId == connectorId }?.faultCodes ?? []
    }

    public var nextDeadline: Deadline? {
        switch state {
        case .finished: return nil
        case .running:
            let opens = earliest(of: outlets.lazy.map(\.nextDeadline))
            return earliest(opens, mainMeter?.nextDeadline, keeper.nextDeadline)
        case .terminating(let writeLimit, _):
            let opens = earliest(of: outlets.lazy.map(\.nextDeadline))
            return earliest(opens, Deadline(at: writeLimit, for: "the end does not wait for the disk any longer"))
        }
    }

    public mutating func handle(_ event: Event, at moment: Moment) -> [HardwareEffect] {
        var turn = Turn(at: moment, takenAt: event.takenAt)
        switch event {
        case .started:
            devices.start(&turn)
            for index in outlets.indices { outlets[index].handle(.started, bootId: bootId, &turn) }
            for index in readers.indices { readers[index].machine.handle(.started, &turn) }
        case .driver(let fact, _):
            devices.heard(fact, &turn)
            sense(fact, &turn)
        case .permitRequested(let id, let request):
            forward(id, request.connectorId, .permitRequested(id, request), &turn)
        case .lockRequested(let id, let request):
            forward(id, request.connectorId, .lockRequested(id), &turn)
        case .unlockRequested(let id, let request):
            forward(id, request.connectorId, .unlockRequested(id), &turn)
        case .indicateRequested(let id, let request):
            if [.cardRead, .accepted, .rejected].contains(request.signal) {
                forward(id, request.connectorId, .indicateRequested(id, request.signal), &turn)
            } else {
                turn.refuse(id, BusError(.invalid, "\(request.signal) is no signal that is known here"))
            }
        case .clearFaultRequested(let id, let request):
            clearFault(id, request, &turn)
        case .testRequested(let id, let request):
            forward(id, request.connectorId, .testRequested(id, request), &turn)
        case .cardRequested(let id, let request):
            guard let reader = readers.first(where: { $0.id == request.readerId }) else {
                turn.refuse(id, BusError(.invalid, "there is no reader \(request.readerId)"))
                break
            }
            turn.reply(id, .card(reader.machine.card(at: turn.uptime)))
        case .memoryStored:
            guard let memory = keeper.saved(&turn) else { break }
            for index in outlets.indices {
                let stored = memory.outlet(outlets[index].connectorId)
                outlets[index].handle(.memoryStored(stored), bootId: bootId, &turn)
            }
        case .memoryNotStored(let reason): keeper.saveFailed(reason, &turn)
        case .terminationRequested:
            guard state != .finished else { return [] }
            terminate(restarts: false, &turn)
        case .restartRequested(let id, let request):
            guard state != .finished else { return [] }
            turn.reply(id, .done)
            // Who asked for the end of the service wants no new one.
            guard state == .running else { break }
            turn.log(LogRecord(.notice, "starting anew", .init("reason", request.reason)))
            terminate(restarts: true, &turn)
        }
        conclude(&turn)
        return turn.effects
    }

    public mutating func deadlineReached(at moment: Moment) -> [HardwareEffect] {
        guard state != .finished else { return [] }
        var turn = Turn(at: moment)
        for index in outlets.indices {
            guard let deadline = outlets[index].nextDeadline, deadline.isDue(at: moment.uptime) else { continue }
            outlets[index].deadlineReached(bootId: bootId, &turn)
        }
        mainMeter?.deadlineReached(&turn)
        conclude(&turn)
        return turn.effects
    }

    private mutating func terminate(restarts: Bool, _ turn: inout Turn) {
        if case .terminating(let writeLimit, _) = state {
            state = .terminating(writeLimit: writeLimit, restarts: restarts)
            return
        }
        state = .terminating(writeLimit: turn.uptime + Self.writeLimit, restarts: restarts)
        for index in outlets.indices { outlets[index].handle(.terminationRequested, bootId: bootId, &turn) }
    }

    private mutating func sense(_ fact: DriverEvent, _ turn: inout Turn) {
        if mainMeter?.handle(fact, &turn) == true { return }
        switch fact {
        case .healthReported: break
        case .cardRead(let id, let card): tellReader(id, .cardRead(card), fact, &turn)
        case .cardGone(let id): tellReader(id, .cardGone, fact, &turn)
        case .deviceLost(.reader(let id), let reason): tellReader(id, .lost(reason: reason), fact, &turn)
        case .deviceRecovered(.reader(let id)): tellReader(id, .recovered, fact, &turn)
        case .pilotRead, .contactorFeedback, .phaseFeedback, .outputVoltageRead, .lockFeedback, .proximityRead,
            .meterRead, .meterFailed, .faultReported,
            .controllerRead, .residualCurrentTested, .temperatureRead, .deviceLost, .deviceRecovered:
            guard let id = fact.connectorId, let index = outlets.firstIndex(where: { $0.connectorId == id }) else {
                return logUnknown(fact, &turn)
            }
            outlets[index].handle(.driver(fact), bootId: bootId, &turn)
        }
    }

    private mutating func tellReader(_ id: Int, _ event: ReaderMachine.Event, _ fact: DriverEvent, _ turn: inout Turn) {
        guard let index = readers.firstIndex(where: { $0.id == id }) else { return logUnknown(fact, &turn) }
        readers[index].machine.handle(event, &turn)
    }

    /// The main meter has one fault that service may have to end, and no connector.
    private mutating func clearFault(_ id: RequestID, _ request: ClearFault, _ turn: inout Turn) {
        guard mainMeter != nil, request.connectorId == MainMeterConfiguration.connectorId,
            request.code == .powerMeterFailure
        else { return forward(id, request.connectorId, .clearFaultRequested(id, request.code), &turn) }
        mainMeter?.acceptRegister(&turn)
        turn.reply(id, .done)
    }

    private mutating func forward(
        _ id: RequestID,
        _ connectorId: Int,
        _ event: OutletMachine.Event,
        _ turn: inout Turn
    ) {
        guard let index = outlets.firstIndex(where: { $0.connectorId == connectorId }) else {
            turn.refuse(id, BusError(.invalid, "there is no connector \(connectorId)"))
            return
        }
        outlets[index].handle(event, bootId: bootId, &turn)
    }

    /// Stores what must survive, and ends when everything is in its safe state.
    private mutating func conclude(_ turn: inout Turn) {
        let now = outlets.map(\.latches)
        for outlet in now where !latches.contains(outlet) { turn.remember(outlet) }
        latches = now
        keeper.keep(HardwareMemory(outlets: outlets.map(\.memory)), isEnd: state != .running, &turn)
        guard case .terminating(let writeLimit, let restarts) = state, outlets.allSatisfy(\.isSettled),
            !keeper.isWriting || writeLimit <= turn.uptime
        else { return }
        state = .finished
        keeper.end(&turn)
        restarts ? turn.restart() : turn.finish()
    }

    /// A driver reports something that was not configured: our bug, and no reason to stop charging elsewhere.
    private func logUnknown(_ fact: DriverEvent, _ turn: inout Turn) {
        turn.log(LogRecord(.fault, "driver reported a device that is not configured", .init("event", "\(fact)")))
    }
}
