public import BusSchema
public import Primitives

/// All decisions of hardware-io: connectors and readers, each a machine of its own, independent of each other.
public struct HardwareMachine: Machine {
    public enum Event: Equatable, Sendable {
        /// Devices are there to be ordered. Comes first, once.
        case started
        case driver(DriverEvent)
        case permitRequested(RequestID, Permit)
        case unlockRequested(RequestID, Unlock)
        case indicateRequested(RequestID, Indicate)
        case clearFaultRequested(RequestID, ClearFault)
        /// The process is to end: everything goes to its safe state, then comes `finish`.
        case terminationRequested
    }

    private enum State: Equatable {
        case running
        /// Waits for contactors to open. Next: finished.
        case terminating
        case finished
    }

    private var state = State.running
    /// Sorted by id, so that effects have one order.
    private var connectors: [ConnectorMachine]
    private var readers: [(id: Int, machine: ReaderMachine)]

    /// `bootId` is random at each start and tells others that permits are gone. Contactors rest from `start` on before they close for
    /// the first time.
    public init(configuration: HardwareConfiguration, bootId: String, at start: Moment) {
        connectors = configuration.connectors.sorted { $0.connectorId < $1.connectorId }
            .map { ConnectorMachine(configuration: $0, bootId: bootId, at: start) }
        readers = configuration.readers.sorted { $0.readerId < $1.readerId }
            .map { ($0.readerId, ReaderMachine(configuration: $0)) }
        precondition(
            Set(configuration.connectors.map(\.connectorId)).count == connectors.count
                && Set(configuration.readers.map(\.readerId)).count == readers.count,
            "Ids of connectors and readers are unique: the configuration was checked."
        )
    }

    public var nextDeadline: Deadline? {
        state == .finished ? nil : earliest(of: connectors.lazy.map(\.nextDeadline))
    }

    public mutating func handle(_ event: Event, at moment: Moment) -> [HardwareEffect] {
        var effects: [HardwareEffect] = []
        switch event {
        case .started:
            effects = forEachConnector { $0.handle(.started, at: moment) }
            for index in readers.indices { effects += readers[index].machine.handle(.started, at: moment) }
        case .driver(let fact):
            effects = take(fact, at: moment)
        case .permitRequested(let id, let request):
            effects = forward(id, request.connectorId, .permitRequested(id, request), at: moment)
        case .unlockRequested(let id, let request):
            effects = forward(id, request.connectorId, .unlockRequested(id), at: moment)
        case .indicateRequested(let id, let request):
            guard [.cardRead, .accepted, .rejected].contains(request.signal) else {
                return [.refuse(id, BusError(.invalid, "\(request.signal) is no signal that is known here"))]
            }
            effects = forward(id, request.connectorId, .indicateRequested(id, request.signal), at: moment)
        case .clearFaultRequested(let id, let request):
            effects = clearFault(id, request, at: moment)
        case .terminationRequested:
            guard state == .running else { return [] }
            state = .terminating
            effects = forEachConnector { $0.handle(.terminationRequested, at: moment) }
        }
        return effects + finishWhenSettled()
    }

    public mutating func deadlineReached(at moment: Moment) -> [HardwareEffect] {
        guard state != .finished else { return [] }
        let effects = forEachConnector { connector in
            guard let deadline = connector.nextDeadline, deadline.isDue(at: moment.uptime) else { return [] }
            return connector.deadlineReached(at: moment)
        }
        return effects + finishWhenSettled()
    }

    private mutating func take(_ fact: DriverEvent, at moment: Moment) -> [HardwareEffect] {
        switch fact {
        case .pilotRead(let id, _, _), .contactorFeedback(let id, _), .lockFeedback(let id, _),
            .proximityRead(let id, _), .meterRead(let id, _), .meterFailed(let id, _),
            .faultReported(let id, _, _, _), .deviceLost(.pilot(let id), _), .deviceLost(.contactor(let id), _),
            .deviceLost(.meter(let id), _), .deviceLost(.lock(let id), _), .deviceRecovered(.pilot(let id)),
            .deviceRecovered(.contactor(let id)), .deviceRecovered(.meter(let id)),
            .deviceRecovered(.lock(let id)):
            return connector(id) { $0.handle(.driver(fact), at: moment) } ?? unknown(fact)
        case .cardRead(let id, let card):
            return reader(id) { $0.handle(.cardRead(card), at: moment) } ?? unknown(fact)
        case .cardGone(let id):
            return reader(id) { $0.handle(.cardGone, at: moment) } ?? unknown(fact)
        case .deviceLost(.reader(let id), let reason):
            return reader(id) { $0.handle(.lost(reason: reason), at: moment) } ?? unknown(fact)
        case .deviceRecovered(.reader(let id)):
            return reader(id) { $0.handle(.recovered, at: moment) } ?? unknown(fact)
        }
    }

    private mutating func forward(
        _ id: RequestID,
        _ connectorId: Int,
        _ event: ConnectorMachine.Event,
        at moment: Moment
    ) -> [HardwareEffect] {
        connector(connectorId) { $0.handle(event, at: moment) }
            ?? [.refuse(id, BusError(.invalid, "there is no connector \(connectorId)"))]
    }

    private mutating func clearFault(_ id: RequestID, _ request: ClearFault, at moment: Moment) -> [HardwareEffect] {
        forward(id, request.connectorId, .clearFaultRequested(id, request.code), at: moment)
    }

    private mutating func finishWhenSettled() -> [HardwareEffect] {
        guard state == .terminating, connectors.allSatisfy(\.contactor.isSettled) else { return [] }
        state = .finished
        return [.finish]
    }

    private mutating func connector(
        _ id: Int,
        _ body: (inout ConnectorMachine) -> [HardwareEffect]
    ) -> [HardwareEffect]? {
        connectors.firstIndex { $0.configuration.connectorId == id }.map { body(&connectors[$0]) }
    }

    private mutating func reader(_ id: Int, _ body: (inout ReaderMachine) -> [HardwareEffect]) -> [HardwareEffect]? {
        readers.firstIndex { $0.id == id }.map { body(&readers[$0].machine) }
    }

    private mutating func forEachConnector(
        _ body: (inout ConnectorMachine) -> [HardwareEffect]
    ) -> [HardwareEffect] {
        connectors.indices.flatMap { body(&connectors[$0]) }
    }

    /// A driver reports something that was not configured: our bug, and no reason to stop charging elsewhere.
    private func unknown(_ fact: DriverEvent) -> [HardwareEffect] {
        [.log(LogRecord(.fault, "driver reported a device that is not configured", .init("event", "\(fact)")))]
    }
}
