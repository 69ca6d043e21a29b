import BusSchema
import OCPP
public import Primitives

/// The charging part of the gateway: authorization, transactions, meter values, status, and the durable queue to the central system.
///
/// A pure machine. The owner feeds one event, performs its effects in order, and only then feeds the next or asks `nextCall`. It gives
/// out one CALL at a time, and reports how each one ended. Order of effects: persist, then act, then send.
public struct ChargingMachine: Machine, Sendable {
    let configuration: ChargingConfiguration
    var keys: OCPPKeys
    var isOnline = false
    var clock: EventClock
    var random: SeededRandom
    /// The journal, folded.
    var ledger: RestoredTransactions
    /// By connectorId, ascending.
    var connectors: [ConnectorMachine]
    var authorization = AuthorizationMachine()
    var delivery: DeliveryMachine
    var reporter = StatusReporter()
    /// By readerId.
    var readers: [Int: ReaderState] = [:]
    var storage = StorageFault()
    var storageFailedAt: Duration?
    var published = Published()
    /// Cards that just stopped a transaction: a second reading of the same presentation must not start the next one.
    var recentStops: [IdToken: Duration] = [:]
    /// Messages at the last compaction.
    var compactedAt: Int64

    /// What could not be stored.
    struct StorageFault: Equatable, Sendable {
        /// For people; nil while storage works.
        var reason: String?
        /// Records that must not be lost, in order; they are tried again.
        var unsaved: [JournalRecord] = []
        /// Messages among them: not to be sent before they are stored.
        var withheld: [QueueEntry] = []
        var retryAt: Duration?
        /// The writes that were ordered last, by all turns of one moment: the owner may perform the effects of several together.
        var ordered: [JournalRecord] = []
        var orderedAt: Duration?
    }

    /// What was published last.
    struct Published: Equatable, Sendable {
        var connectors: [Int: ConnectorStatus] = [:]
        var queue: QueueState?
    }

    /// - Parameters:
    ///   - configuration: What the charger is.
    ///   - keys: The values of the OCPP keys in force.
    ///   - restored: The journal, folded record by record.
    ///   - seed: For ids; never the same twice.
    ///   - moment: Now.
    public init(
        configuration: ChargingConfiguration,
        keys: OCPPKeys,
        restored: RestoredTransactions,
        seed: UInt64,
        at moment: Moment
    ) {
        self.configuration = configuration
        self.keys = keys
        clock = EventClock(
            bootId: configuration.machineBootId,
            trusted: configuration.clockIsTrusted,
            boots: restored.boots,
            at: moment
        )
        random = SeededRandom(seed: seed)
        ledger = restored
        connectors = configuration.connectors.sorted { $0.id < $1.id }.map {
            ConnectorMachine(settings: $0, ledger: restored, at: moment.uptime)
        }
        delivery = DeliveryMachine(restored)
        compactedAt = restored.deliveredThrough
    }

    /// Takes interrupted transactions up again. To be called once, before anything else; its effects come first.
    public mutating func start(at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            if machine.ledger.orphans > 0 {
                turn.log(.fault, "transactions overlap in the journal", .init("count", machine.ledger.orphans))
            }
            for index in machine.connectors.indices {
                machine.connectors[index].checkSilence(&turn)
                guard let open = machine.ledger.open[machine.connectors[index].id] else { continue }
                machine.connectors[index].restore(open, &turn)
            }
            machine.reportChargePoint(&turn)
        }
    }

    public var nextDeadline: Deadline? {
        var next = earliest(
            authorization.nextDeadline,
            Deadline(at: storage.retryAt, for: "what could not be stored is tried again"),
            delivery.nextDeadline,
            isOnline ? reporter.nextDeadline : nil
        )
        for connector in connectors { next = earliest(next, connector.nextDeadline) }
        return next
    }

    public mutating func handle(_ event: Event, at moment: Moment) -> [ChargingEffect] {
        // The whole turn is to go by the new values.
        if case .keysChanged(let keys) = event { self.keys = keys }
        return inTurn(at: moment) { machine, turn in machine.take(event, &turn) }
    }

    public mutating func deadlineReached(at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            for index in machine.connectors.indices { machine.connectors[index].deadlineReached(&turn) }
            while let expired = machine.authorization.popExpired(at: moment.uptime) {
                turn.log(.warning, "no authorization in time", .init("connector", expired.connectorId))
                machine.refused(expired, &turn)
            }
            machine.delivery.deadlineReached(at: moment.uptime)
            machine.reporter.deadlineReached(at: moment.uptime)
            machine.retryUnsaved(&turn)
        }
    }

    private mutating func take(_ event: Event, _ turn: inout ChargingTurn) {
        switch event {
        case .hardwareConnector(let state): took(state, &turn)
        case .hardwareMeter(let reading): withConnector(reading.connectorId, &turn) { $0.took(reading, &$1) }
        case .hardwareReader(let reader): took(reader, &turn)
        case .hardwareAlive: for index in connectors.indices { connectors[index].heard(&turn) }
        case .cardPresented(let card): presented(card, &turn)
        case .permitAnswered(let connectorId, let transaction, let outcome):
            withConnector(connectorId, &turn) { connector, turn in
                connector.permit.answered(transaction: transaction, outcome, &turn)
                if case .answered(let state) = outcome { connector.took(state, &turn) }
            }
        case .unlockAnswered(let connectorId, let outcome):
            withConnector(connectorId, &turn) { $0.unlockAnswered(outcome, &$1) }
        case .wentOnline(let registered): wentOnline(registered: registered, &turn)
        case .wentOffline: wentOffline(&turn)
        case .keysChanged: for index in connectors.indices { connectors[index].schedule?.keysChanged(turn) }
        case .queueLoaded(let entries): delivery.loaded(entries, &turn)
        case .queueLoadFailed(let reason): delivery.loadFailed(reason, &turn)
        case .persistFailed(let records, let reason): persistFailed(records, reason: reason, &turn)
        case .clockSynchronised(let offset): synchronise(offset, &turn)
        case .terminationRequested: for index in connectors.indices { connectors[index].permit.renew(&turn) }
        }
    }

    /// Runs one connector; an unknown id is ignored, because configuration and hardware may disagree for a while.
    mutating func withConnector(
        _ connectorId: Int,
        _ turn: inout ChargingTurn,
        _ body: (inout ConnectorMachine, inout ChargingTurn) -> Void
    ) {
        guard let index = connectors.firstIndex(where: { $0.id == connectorId }) else { return }
        body(&connectors[index], &turn)
    }

    private mutating func took(_ state: ConnectorState, _ turn: inout ChargingTurn) {
        if let pilot = state.pilot, pilot.isPlugged { bringUsage(to: state.connectorId, &turn) }
        withConnector(state.connectorId, &turn) { $0.took(state, &$1) }
    }

    /// Somebody with an accepted card plugged into another connector of the same reader: the usage moves there.
    private mutating func bringUsage(to connectorId: Int, _ turn: inout ChargingTurn) {
        guard let target = connector(connectorId), !target.facts.isPlugged, target.isStartable, target.session == .idle
        else { return }
        for index in connectors.indices where connectors[index].id != connectorId {
            guard case .authorized(let authorized) = connectors[index].session, !connectors[index].facts.isPlugged,
                authorized.candidates.contains(connectorId)
            else { continue }
            connectors[index].cancelUsage(&turn)
            withConnector(connectorId, &turn) { $0.accepted(authorized, &$1) }
            return
        }
    }

    func connector(_ connectorId: Int) -> ConnectorMachine? { connectors.first { $0.id == connectorId } }

    private mutating func synchronise(_ offset: Duration, _ turn: inout ChargingTurn) {
        let before = turn.clock
        if let start = turn.clock.synchronise(offset: offset, at: turn.moment) {
            // Synced: what is sent now must have the same time after a power cut.
            turn.persist(.bootStart(start), .synced)
            turn.clock.learned(turn.ledger.boots)
        }
        guard turn.clock != before else { return }
        turn.log(.notice, "clock", .init("offsetMilliseconds", offset.wholeMilliseconds))
        for index in connectors.indices { connectors[index].schedule?.clockChanged(turn) }
    }
}
