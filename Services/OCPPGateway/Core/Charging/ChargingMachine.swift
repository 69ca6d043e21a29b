import BusSchema
import OCPP
public import Primitives

/// The charging part of the gateway: identities, connectors with their transactions, and what the central system is told about them.
///
/// A pure machine. The owner feeds one event, performs its effects in order, and only then feeds the next or asks `nextCall`. When a write
/// fails, the owner puts the machine back to what it was before the event, feeds `persistFailed`, and feeds the event again.
public struct ChargingMachine: Machine, Sendable {
    public typealias Event = ChargingEvent

    let configuration: ChargingConfiguration
    private(set) var keys: OCPPKeys
    private(set) var reach = CentralSystemReach.offline
    private var clock: EventClock
    private var random: SeededRandom
    private(set) var book: RecordBook
    private var identity: IdentityMachine
    var availability: AvailabilityMachine
    /// By connectorId, ascending.
    private(set) var connectors: [ConnectorMachine]
    var delivery: DeliveryMachine
    private(set) var mainMeter: MainMeter
    var statuses: Statuses

    /// - Parameters:
    ///   - configuration: What the charger is.
    ///   - keys: The values of the OCPP keys in force.
    ///   - restored: The journal, folded record by record.
    ///   - documents: What was found on disk beside it.
    ///   - isAccepted: The central system has accepted this charger once; until it does, nothing begins.
    ///   - seed: For ids; never the same twice.
    ///   - moment: Now.
    public init(
        configuration: ChargingConfiguration,
        keys: OCPPKeys,
        restored: TransactionLedger,
        documents: Documents,
        isAccepted: Bool = true,
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
        book = RecordBook(restored)
        identity = IdentityMachine(
            cache: AuthorizationCache(
                documents[AuthorizationCacheDocument.self],
                isUnread: documents.isUnread(AuthorizationCacheDocument.self),
                isEnabled: keys.core.authorizationCacheEnabled
            )
        )
        let document = documents[AvailabilityDocument.self]
        let isAvailabilityUnread = documents.isUnread(AvailabilityDocument.self)
        var availability = AvailabilityMachine(
            connectorIds: configuration.connectors.map(\.id),
            document: document,
            inherited: restored.inoperative,
            isUnread: isAvailabilityUnread
        )
        availability.set(.registration, on: 0, !isAccepted)
        self.availability = availability
        if document != nil, !isAvailabilityUnread { book.availabilityIsSaved() }
        let known = documents[MeasurandsDocument.self]
        connectors = configuration.connectors.sorted { $0.id < $1.id }.map { [availability] in
            ConnectorMachine(
                settings: $0,
                inoperability: availability.reasons(for: $0.id),
                measurands: known?.measurands(of: $0.id),
                at: moment.uptime
            )
        }
        delivery = DeliveryMachine(restored, clock, keys.core, at: moment)
        mainMeter = MainMeter(known?.measurands(of: 0), at: moment.uptime)
        statuses = Statuses()
    }

    /// Takes interrupted transactions up again. To be called once, before anything else; its effects come first.
    public mutating func start(at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            for orphan in turn.ledger.withoutEnd { orphan.end(&turn) }
            for headless in turn.ledger.withoutBegin { headless.end(&turn) }
            // The clock was set after an earlier process of this boot had written times without one: the begin of this boot is told now, since
            // the next boot would take the one of its own for it.
            if machine.configuration.clockIsTrusted, turn.ledger.awaitsTime(of: turn.clock.bootId) {
                machine.synchronise(.zero, error: HostClock.mostApart, isProven: false, &turn)
            }
            if machine.availability.isUnread {
                let assumption = "the charge point is out of service until the central system orders otherwise"
                turn.log(.error, "the availability cannot be read", .init("assumed", assumption))
            }
            machine.eachConnector(&turn) { $0.restore(&$1) }
            machine.statuses.reportChargePoint(machine.availability, &turn)
            machine.obey(machine.availability.start(), &turn)
        }
    }

    /// CALLs may be sent.
    var isOnline: Bool { reach == .online }

    /// The authorization cache was switched off, and the disk has not forgotten yet.
    var isCacheForgetting: Bool { identity.cache.isForgetting }

    public var nextDeadline: Deadline? {
        var next = earliest(
            identity.nextDeadline,
            book.nextDeadline,
            delivery.nextDeadline,
            mainMeter.nextDeadline,
            availability.nextDeadline,
            isOnline ? statuses.nextDeadline : nil
        )
        // By index, because this is asked in every turn and a connector is large to copy.
        for index in connectors.indices { next = earliest(next, connectors[index].nextDeadline) }
        return next
    }

    public mutating func handle(_ event: Event, at moment: Moment) -> [ChargingEffect] {
        // The whole turn is to go by the new values.
        if case .keysChanged(let keys) = event { self.keys = keys }
        return inTurn(at: moment) { machine, turn in machine.apply(event, &turn) }
    }

    public mutating func deadlineReached(at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            machine.retryDisk(&turn)
            if turn.book.isSyncDue(at: turn.uptime) { turn.sync() }
            machine.eachConnector(&turn) { $0.deadlineReached(&$1) }
            let isCharging = machine.connectors.contains { $0.transaction != nil }
            machine.mainMeter.deadlineReached(isCharging: isCharging, turn)
            while let expired = turn.identity.popExpired(at: moment.uptime) {
                turn.log(.warning, "no authorization in time", .init("connector", expired.connectorId))
                machine.refuse(expired, because: "no answer in time", &turn)
            }
            machine.obey(machine.availability.deadlineReached(at: moment.uptime), &turn)
            machine.delivery.deadlineReached(at: moment.uptime)
            machine.statuses.deadlineReached(at: moment.uptime)
        }
    }

    private mutating func apply(_ event: Event, _ turn: inout ChargingTurn) {
        switch event {
        case .hardwareConnector(let state): observe(state, &turn)
        case .hardwareMeter(let reading) where reading.connectorId == 0:
            mainMeter.observed(reading, turn)
            statuses.observedMainMeter(hasFailed: mainMeter.hasFailed, availability, &turn)
        case .hardwareMeter(let reading): withConnector(reading.connectorId, &turn) { $0.observed(reading, &$1) }
        case .hardwareReader(let reader):
            for id in reader.connectorIds { withConnector(id, &turn) { $0.heard(&$1) } }
            statuses.observed(reader, availability, &turn)
        case .uplinkSignal(let percent): statuses.observed(signalPercent: percent, availability, &turn)
        case .hardwareAlive: eachConnector(&turn) { $0.heard(&$1) }
        case .cardPresented(let card): presented(card, &turn)
        case .permitAnswered(let connectorId, let transaction, let outcome):
            withConnector(connectorId, &turn) { $0.permitAnswered(transaction: transaction, outcome, &$1) }
        case .lockAnswered(let connectorId, let outcome):
            withConnector(connectorId, &turn) { $0.lockAnswered(outcome, &$1) }
        case .unlockAnswered(let connectorId, let outcome):
            withConnector(connectorId, &turn) { $0.unlockAnswered(outcome, &$1) }
        case .wentOnline(let registered): wentOnline(registered: registered, &turn)
        case .beganRegistering: leaveOnline(for: .registering, &turn)
        case .wentOffline: wentOffline(&turn)
        case .linkProvedAlive: delivery.linkProvedAlive(&turn)
        case .keysChanged(let keys):
            turn.identity.cache.setEnabled(keys.core.authorizationCacheEnabled, at: turn.uptime)
            eachConnector(&turn) { $0.keysChanged($1) }
            mainMeter.keysChanged(turn)
        case .queueLoaded(let entries): delivery.loaded(entries, &turn)
        case .queueLoadFailed(let reason): delivery.loadFailed(reason, &turn)
        case .persistFailed(let reason):
            if turn.book.fault == nil { turn.log(.error, "storage failed", .init("reason", reason)) }
            turn.book.refused(reason: reason, at: turn.uptime)
        case .compactionFailed(let reason):
            turn.log(.warning, "the journal was not made shorter", .init("reason", reason))
            turn.book.compactionFailed(at: turn.uptime)
        case .recordsKeptAside(let files): turn.book.keptAside = files
        case .availabilitySaved:
            turn.book.availabilityIsSaved()
            obey(availability.saved(), &turn)
        case .availabilitySaveFailed: obey(availability.saveFailed(at: turn.uptime), &turn)
        case .authorizationCacheSaved: obey(turn.identity.cache.saved(), &turn)
        case .authorizationCacheSaveFailed: obey(turn.identity.cache.saveFailed(at: turn.uptime), &turn)
        case .clockSynchronised(let offset, let error, let isProven):
            synchronise(offset, error: error, isProven: isProven, &turn)
        case .terminationRequested:
            // The connection ends because we do, and the rules for a charger that is offline are not meant for that.
            for request in turn.identity.popAll() { refuse(request, because: "the gateway ends", &turn) }
            eachConnector(&turn) {
                $0.sayFarewell(&$1)
                $0.renewPermit(&$1)
                $0.cable.giveUp(&$1)
            }
            obey(availability.retry(), &turn)
            turn.identity.cache.hurry(at: turn.uptime)
        }
    }

    // MARK: - The frame of a turn

    /// Shared circumstances in; then queue, statuses and publications are brought up to date.
    mutating func inTurn(
        at moment: Moment,
        _ body: (inout ChargingMachine, inout ChargingTurn) -> Void
    ) -> [ChargingEffect] {
        var turn = turn(at: moment)
        body(&self, &turn)
        cancelUsagesOfTheRefused(&turn)
        obey(turn.identity.cache.settle(at: moment.uptime), &turn)
        delivery.refill(&turn)
        orderCompaction(afterFailure: false, &turn)
        if let durability = turn.durability { turn.book.ordered(durability, at: turn.uptime) }
        statuses.settle(connectors, availability, delivery, &turn)
        clock = turn.clock
        random = turn.random
        book = turn.book
        identity = turn.identity
        return turn.effects
    }

    /// The circumstances of an event, for reading them too.
    func turn(at moment: Moment) -> ChargingTurn {
        ChargingTurn(
            moment: moment,
            configuration: configuration,
            keys: keys,
            isOnline: isOnline,
            clock: clock,
            random: random,
            book: book,
            identity: identity
        )
    }

    /// Tries the disk again once its time has come, with room made on it first if there is anything to give up.
    private mutating func retryDisk(_ turn: inout ChargingTurn) {
        guard turn.book.isRetryDue(at: turn.uptime) else { return }
        turn.persistOwed(turn.book.retry(at: turn.uptime))
        orderCompaction(afterFailure: true, &turn)
        // Where there is nothing else to write, a checkpoint shows whether there is room again.
        if !turn.writes { turn.persist(JournalCompaction(turn.ledger).checkpoint, .written) }
    }

    private func orderCompaction(afterFailure: Bool, _ turn: inout ChargingTurn) {
        guard let compaction = turn.book.compactionIfWorthwhile(afterFailure: afterFailure, at: turn.uptime) else {
            return
        }
        turn.persist(compaction.checkpoint, .synced)
        turn.add(.compact(compaction))
    }

    // MARK: - Connectors

    /// Runs one connector; an unknown id is ignored, because configuration and hardware may disagree for a while.
    mutating func withConnector(
        _ connectorId: Int,
        _ turn: inout ChargingTurn,
        _ body: (inout ConnectorMachine, inout ChargingTurn) -> Void
    ) {
        guard let index = connectors.firstIndex(where: { $0.id == connectorId }) else { return }
        body(&connectors[index], &turn)
    }

    mutating func eachConnector(
        _ turn: inout ChargingTurn,
        _ body: (inout ConnectorMachine, inout ChargingTurn) -> Void
    ) {
        for index in connectors.indices { body(&connectors[index], &turn) }
    }

    func connector(_ connectorId: Int) -> ConnectorMachine? { connectors.first { $0.id == connectorId } }

    private mutating func observe(_ state: ConnectorState, _ turn: inout ChargingTurn) {
        if let pilot = state.pilot, pilot.isPlugged { bringUsage(to: state.connectorId, &turn) }
        withConnector(state.connectorId, &turn) { $0.observed(state, &$1) }
    }

    /// Somebody with an accepted card plugged into another connector of the same reader: the usage moves there.
    private mutating func bringUsage(to connectorId: Int, _ turn: inout ChargingTurn) {
        guard let target = connector(connectorId), !target.facts.isPlugged, isFree(target, turn),
            target.session == .idle
        else { return }
        for other in connectors where other.id != connectorId && !other.facts.isPlugged {
            guard case .authorized(let authorized) = other.session, authorized.candidates.contains(connectorId) else {
                continue
            }
            withConnector(other.id, &turn) { $0.cancelUsage(&$1) }
            withConnector(connectorId, &turn) { $0.accepted(authorized, &$1) }
            return
        }
    }

    private mutating func synchronise(
        _ offset: Duration,
        error: Duration,
        isProven: Bool,
        _ turn: inout ChargingTurn
    ) {
        let before = turn.clock
        let isCharging = connectors.contains { $0.transaction != nil }
        let learned = turn.clock.synchronise(offset: offset, error: error, isCharging: isCharging, at: turn.moment)
        if var start = learned ?? (isProven ? turn.ledger.unprovenStart(of: turn.clock.bootId) : nil) {
            start.isProven = isProven ? true : nil
            // Synced: what is sent now must have the same time after a power cut.
            turn.persist(.bootStart(start), .synced)
            turn.clock.learned(turn.ledger.boots)
        }
        guard turn.clock != before else { return }
        turn.log(.notice, "clock", .init("offsetMilliseconds", offset.wholeMilliseconds))
        eachConnector(&turn) { $0.clockChanged($1) }
        mainMeter.clockChanged(turn)
    }

    // MARK: - CALLs, one at a time, when the owner has the slot free (J §4.1.1)

    /// From when on `nextCall` may have one if nothing changes; nil when it has none.
    var callDue: Duration? {
        guard isOnline else { return nil }
        return identity.hasNext || mainMeter.hasNext || delivery.hasNext(book) ? .zero : statuses.nextDue
    }

    /// The CALL to send now; nil when none is due. To be asked while online and the slot is free, after every event and deadline.
    /// People first, then statuses, then the queue: other messages may pass it (OCPP 1.6 §3.7).
    public mutating func nextCall(at moment: Moment) -> OutgoingCall? {
        guard isOnline else { return nil }
        if let request = identity.next() {
            return OutgoingCall(
                key: .authorize(request.number),
                request: .authorize(Authorize.Request(idTag: request.idTag))
            )
        }
        // The answer to a request comes before the messages that it causes (OCPP 1.6 §5.17 says so of triggers): the status and the end of
        // what UnlockConnector stopped wait for it, five seconds at most.
        for index in connectors.indices where connectors[index].cable.isAwaited { return nil }
        if let (number, request) = statuses.nextRequest(clock, at: moment) {
            return OutgoingCall(key: .status(number), request: .statusNotification(request))
        }
        if let (number, request) = mainMeter.next(clock, at: moment) {
            return OutgoingCall(key: .mainMeter(number), request: .meterValues(request))
        }
        guard let entry = delivery.next(book), let request = entry.request(clock, at: moment) else { return nil }
        return OutgoingCall(key: .delivery(sequence: entry.sequence), request: request, messageId: entry.messageId)
    }

    /// How a CALL given out by `nextCall` ended. Keys of others are ignored.
    public mutating func callFinished(_ key: CallKey, _ outcome: CallOutcome, at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            switch key.source {
            case .authorization: machine.authorizeFinished(Int(key.number), outcome, &turn)
            case .status:
                machine.statuses.finished(key.number, confirmed: outcome.isProcessed, at: moment.uptime)
            case .delivery: machine.deliveryFinished(key.number, outcome, &turn)
            case .registration, .dataTransfer, .heartbeat, .mainMeter: break
            }
        }
    }

    private mutating func deliveryFinished(_ sequence: Int64, _ outcome: CallOutcome, _ turn: inout ChargingTurn) {
        var registers: [String: Int64] = [:]
        for connector in connectors {
            if let transaction = connector.transaction { registers[transaction.uuid] = transaction.register.energyWh }
        }
        guard let assigned = delivery.finished(sequence, outcome, registers: registers, &turn) else { return }
        eachConnector(&turn) { $0.assigned(assigned, &$1) }
    }

    /// A message was not answered in time: what is received next says that the connection works, as `linkProvedAlive`.
    public var isDeliveryInDoubt: Bool { delivery.isInDoubt }

    // MARK: - Connection

    mutating func wentOnline(registered: Bool, _ turn: inout ChargingTurn) {
        reach = .online
        turn.isOnline = true
        if registered { delivery.registered() }
        statuses.wentOnline(registered: registered, connectorIds: connectors.map(\.id), turn)
    }

    /// Nothing may be sent any more. Who waits for an answer goes on waiting while there is a connection, as long as his patience lasts.
    private mutating func leaveOnline(for next: CentralSystemReach, _ turn: inout ChargingTurn) {
        reach = next
        turn.isOnline = false
        statuses.wentOffline()
        mainMeter.wentOffline()
        delivery.wentOffline()
    }

    mutating func wentOffline(_ turn: inout ChargingTurn) {
        leaveOnline(for: .offline, &turn)
        for request in turn.identity.popAll() { decideOffline(request, &turn) }
    }
}
