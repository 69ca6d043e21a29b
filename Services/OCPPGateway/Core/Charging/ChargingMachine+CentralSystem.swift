public import BusSchema
public import OCPP
public import Primitives

/// Requests of the central system about charging. Each answer is returned with effects; the owner performs the effects, then sends the
/// answer, and only then asks for the next CALL .
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
        let match = connectors.last { $0.transaction?.transactionId == request.transactionId }
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

    /// ChangeAvailability (OCPP 1.6 §5.2). On disk when answered. Connector 0 is the charge point and, going into service, all of its
    /// connectors (OCPP 1.6 §5.2).
    public mutating func changeAvailability(
        _ request: ChangeAvailability.Request,
        at moment: Moment
    ) -> (ChangeAvailability.Confirmation, [ChargingEffect]) {
        let isOperative = request.type == .operative
        guard request.connectorId == 0 || connector(request.connectorId) != nil else {
            return (ChangeAvailability.Confirmation(status: .rejected), [])
        }
        // The answer promises that it survives a power cut, which a disk that refuses cannot promise.
        guard book.takesRecords else { return (ChangeAvailability.Confirmation(status: .rejected), []) }
        var isDone = true
        let effects = inTurn(at: moment) { machine, turn in
            var ids = [request.connectorId]
            if request.connectorId == 0, isOperative { ids += machine.connectors.map(\.id) }
            for id in ids where turn.ledger.inoperative.contains(id) == isOperative {
                turn.persist(.availabilitySet(AvailabilitySet(connectorId: id, operative: isOperative)), .synced)
            }
            machine.statuses.reportChargePoint(&turn)
            machine.eachConnector(&turn) { connector, turn in
                guard request.connectorId == 0 || connector.id == request.connectorId else { return }
                if !isOperative { turn.identity.abandon(connectorId: connector.id) }
                let inoperative = turn.ledger.inoperative
                let isEffective = connector.setOperative(
                    !inoperative.contains(connector.id) && !inoperative.contains(0),
                    &turn
                )
                isDone = isDone && (isEffective || isOperative)
            }
        }
        return (ChangeAvailability.Confirmation(status: isDone ? .accepted : .scheduled), effects)
    }

    // MARK: - Reset and triggers

    /// Ends every transaction, for a Reset (OCPP 1.6 §5.14) or another restart.
    public mutating func stopAll(reason: Reason, at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            machine.eachConnector(&turn) { connector, turn in
                // What was about to begin does not begin any more.
                turn.identity.abandon(connectorId: connector.id)
                connector.cancelUsage(&turn)
                connector.stop(reason, idTag: nil, &turn)
            }
        }
    }

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
}
