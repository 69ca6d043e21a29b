public import BusSchema
public import OCPP
public import Primitives

/// Requests of the central system about charging. Each answer is returned with effects; the owner performs the effects, then sends the
/// answer, and only then asks for the next CALL.
extension ChargingMachine {
    // MARK: - Remote start and stop

    /// RemoteStartTransaction (OCPP 1.6 §5.11): the answer says whether it is tried. A charging profile is ignored without support for
    /// smart charging.
    public mutating func remoteStart(
        _ request: RemoteStartTransaction.Request,
        at moment: Moment
    ) -> (RemoteStartTransaction.Confirmation, [ChargingEffect]) {
        let targets = request.connectorId.map { [$0] } ?? connectors.map(\.id)
        let turn = turn(at: moment)
        let startable = targets.compactMap(connector).filter { isFree($0, turn) }
        let target = startable.first { $0.session == .plugged } ?? startable.first
        guard isOnline, !request.idTag.text.isEmpty, let target else {
            return (RemoteStartTransaction.Confirmation(status: .rejected), [])
        }
        let effects = inTurn(at: moment) { machine, turn in
            let identity = turn.identity.request(request.idTag, .remote, connectorId: target.id)
            if machine.keys.core.authorizeRemoteTxRequests {
                machine.identify(identity, &turn)
            } else {
                let authorized = ConnectorMachine.Authorized(
                    idTag: request.idTag,
                    parentIdTag: nil,
                    candidates: [target.id]
                )
                machine.withConnector(target.id, &turn) { $0.accepted(authorized, &$1) }
            }
        }
        return (RemoteStartTransaction.Confirmation(status: .accepted), effects)
    }

    /// RemoteStopTransaction (OCPP 1.6 §5.12). Only an id that the central system gave can match.
    public mutating func remoteStop(
        _ request: RemoteStopTransaction.Request,
        at moment: Moment
    ) -> (RemoteStopTransaction.Confirmation, [ChargingEffect]) {
        // A central system that counts anew may have given the number twice: the one that still runs is meant before one that ends already.
        let matches = connectors.filter { $0.transaction?.transactionId == request.transactionId }
        let match = matches.last { $0.transaction?.isRunning == true } ?? matches.last
        guard let match else { return (RemoteStopTransaction.Confirmation(status: .rejected), []) }
        let effects = inTurn(at: moment) { machine, turn in
            machine.withConnector(match.id, &turn) { $0.stop(.remote, idTag: nil, &$1) }
        }
        return (RemoteStopTransaction.Confirmation(status: .accepted), effects)
    }

    // MARK: - Unlock

    /// UnlockConnector (OCPP 1.6 §5.18). Nil means that the answer follows as `confirmUnlock` with the same id, within five seconds.
    /// Without a lock a running transaction is left alone (E §3.87).
    public mutating func unlockConnector(
        _ request: UnlockConnector.Request,
        id: String,
        at moment: Moment
    ) -> (UnlockConnector.Confirmation?, [ChargingEffect]) {
        guard let target = connector(request.connectorId), target.settings.hasLock else {
            return (UnlockConnector.Confirmation(status: .notSupported), [])
        }
        let effects = inTurn(at: moment) { machine, turn in
            machine.withConnector(target.id, &turn) { $0.unlock(answerId: id, &$1) }
        }
        return (nil, effects)
    }

    // MARK: - Availability

    /// ChangeAvailability (OCPP 1.6 §5.2). The answer follows as `confirmAvailability` with the same id, once the change is on disk.
    public mutating func changeAvailability(
        _ request: ChangeAvailability.Request,
        id: String,
        at moment: Moment
    ) -> [ChargingEffect] {
        let change = AvailabilityMachine.Change(
            callId: id,
            connectorId: request.connectorId,
            isOperative: request.type == .operative
        )
        return inTurn(at: moment) { machine, turn in machine.obey(machine.availability.change(change), &turn) }
    }

    /// What was decided about availability is followed, answered, and kept.
    mutating func obey(_ orders: AvailabilityMachine.Orders, _ turn: inout ChargingTurn) {
        for callId in orders.rejected {
            turn.add(.confirmAvailability(id: callId, ChangeAvailability.Confirmation(status: .rejected)))
        }
        for change in orders.changed {
            let status: AvailabilityStatus = follow(change, &turn) ? .accepted : .scheduled
            turn.add(.confirmAvailability(id: change.callId, ChangeAvailability.Confirmation(status: status)))
        }
        if let document = orders.save { turn.add(.save(AnyDocument(document))) }
    }

    /// Returns false when a connector that goes out of service has a usage to end first.
    private mutating func follow(_ change: AvailabilityMachine.Change, _ turn: inout ChargingTurn) -> Bool {
        var isDone = true
        statuses.reportChargePoint(availability, &turn)
        let availability = availability
        eachConnector(&turn) { connector, turn in
            guard change.connectorId == 0 || connector.id == change.connectorId else { return }
            if !change.isOperative { turn.identity.abandon(connectorId: connector.id) }
            let isEffective = connector.setInoperable(availability.reasons(for: connector.id), &turn)
            isDone = isDone && (isEffective || change.isOperative)
        }
        return isDone
    }

    /// Sets or lifts a reason why a connector, or as 0 the charge point, is not to be used. What was about to begin there does not begin; a
    /// transaction goes on. Not for `.centralSystem`, which `changeAvailability` keeps on disk.
    mutating func setReason(
        _ reason: InoperabilityReason,
        on connectorId: Int,
        _ holds: Bool,
        at moment: Moment
    ) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in machine.set(reason, on: connectorId, holds, &turn) }
    }

    private mutating func set(
        _ reason: InoperabilityReason,
        on connectorId: Int,
        _ holds: Bool,
        _ turn: inout ChargingTurn
    ) {
        availability.set(reason, on: connectorId, holds)
        statuses.reportChargePoint(availability, &turn)
        let availability = availability
        eachConnector(&turn) { connector, turn in
            guard connectorId == 0 || connector.id == connectorId else { return }
            if holds { turn.identity.abandon(connectorId: connector.id) }
            _ = connector.setInoperable(availability.reasons(for: connector.id), &turn)
        }
    }

    // MARK: - The authorization cache

    /// ClearCache (OCPP 1.6 §5.4). The answer follows as `confirmClearCache` with the same id, once the disk has forgotten too.
    public mutating func clearCache(id: String, at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { _, turn in turn.identity.cache.clear(callId: id) }
    }

    /// The cache answers, and has something to keep.
    func obey(_ orders: AuthorizationCache.Orders, _ turn: inout ChargingTurn) {
        for answer in orders.answers {
            turn.add(.confirmClearCache(id: answer.callId, ClearCache.Confirmation(status: answer.status)))
        }
        if let document = orders.save { turn.add(.save(AnyDocument(document))) }
    }

    // MARK: - What the meters give, by which lists of measurands are judged

    /// Whether a meter of this charger gives that, as its readings say.
    func measures(_ selection: MeasurandSelection) -> Bool {
        connectors.contains { $0.facts.measurands.covers(selection) } || mainMeter.measures(selection)
    }

    /// Whether enough is known of every connector's meter for saying that none gives something.
    var knowsMeters: Bool { connectors.allSatisfy { $0.facts.measurands.isComplete } }

    /// What a list of measurands may have in it.
    var measuredSelections: [MeasurandSelection] {
        MeasurandSelection.choices(phases: 3).compactMap { MeasurandSelection($0) }.filter(measures)
    }

    /// Counts up with each change of `measurands`.
    var measurandsVersion: Int { connectors.reduce(mainMeter.measurands.version) { $0 + $1.facts.measurands.version } }

    /// What is known, for the next process.
    var measurands: MeasurandsDocument {
        let all = [(0, mainMeter.measurands)] + connectors.map { ($0.id, $0.facts.measurands) }
        return MeasurandsDocument(
            meters: all.filter(\.1.hasMeter).map { id, known in
                MeasurandsDocument.Meter(connectorId: id, measurands: known.all.map(\.text).sorted())
            }
        )
    }

    // MARK: - Reset and triggers

    /// Ends every transaction for a Reset (OCPP 1.6 §5.14); nothing begins any more until the program is started anew.
    public mutating func stopAll(reason: Reason, at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            machine.obey(machine.availability.retry(), &turn)
            turn.identity.cache.hurry(at: turn.uptime)
            machine.eachConnector(&turn) { $0.cancelUsage(&$1) }
            machine.statuses.note(resetFailure: nil)
            machine.set(.reset, on: 0, true, &turn)
            machine.eachConnector(&turn) { $0.stop(reason, idTag: nil, &$1) }
        }
    }

    /// A Reset could not be done: the charger is of use again, and the central system is told (OCPP 1.6 §7.6, ResetFailure).
    mutating func resetFailed(because reason: String, at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            machine.statuses.note(resetFailure: reason)
            machine.set(.reset, on: 0, false, &turn)
        }
    }

    /// The end of every transaction that was decided is on disk.
    var endsAreKept: Bool { book.owesNothing && !connectors.contains { $0.transaction?.isRunning == true } }

    /// A transaction is running, or its end is not on disk yet.
    public var hasOpenTransaction: Bool { connectors.contains { $0.transaction != nil } }

    /// Messages that the central system did not confirm yet.
    public var undelivered: Int { book.ledger.undelivered }

    /// Queues the current status, of one connector or all, connector 0 included (OCPP 1.6 §5.17). False when there is no such connector.
    public mutating func triggerStatus(connectorId: Int?, at moment: Moment) -> Bool {
        let known = [0] + connectors.map(\.id)
        let wanted = connectorId.map { [$0] } ?? known
        guard wanted.allSatisfy(known.contains) else { return false }
        for id in wanted { statuses.trigger(connectorId: id, at: moment.uptime) }
        return true
    }

    /// The statuses as published last, by connectorId.
    public var publishedStatuses: [ConnectorStatus] { statuses.all }

    /// The queue as published last.
    public var queue: QueueState? { statuses.queue }

    /// Puts the dead letters, or the one of that place, back into the queue, at the place of their time. Returns how many.
    public mutating func resendDeadLetters(
        _ sequence: Int64? = nil,
        at moment: Moment
    ) -> (requeued: Int, effects: [ChargingEffect]) {
        let letters = book.ledger.deadLetters
        let count = sequence.map { letters.contains($0) ? 1 : 0 } ?? letters.count
        guard count > 0 else { return (0, []) }
        let effects = inTurn(at: moment) { _, turn in turn.persist(.requeued(Requeued(sequence: sequence)), .synced) }
        return (count, effects)
    }
}
