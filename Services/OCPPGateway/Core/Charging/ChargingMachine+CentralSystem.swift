public import BusSchema
public import OCPP
public import Primitives

/// Requests of the central system about charging. Each answer is returned with effects; the owner performs the effects, then sends the
/// answer, and only then asks for the next CALL (J-RPC-33).
extension ChargingMachine {
    // MARK: - Remote start and stop

    /// RemoteStartTransaction (OCPP 1.6 §5.11): the answer says whether it is tried. A charging profile is ignored without support for
    /// smart charging.
    public mutating func remoteStart(
        _ request: RemoteStartTransaction.Request,
        at moment: Moment
    ) -> (RemoteStartTransaction.Confirmation, [ChargingEffect]) {
        let targets = request.connectorId.map { [$0] } ?? connectors.map(\.id)
        let startable = targets.compactMap(connector).filter(\.isStartable)
        let target = startable.first { $0.session == .plugged } ?? startable.first
        guard isOnline, !request.idTag.text.isEmpty, let target else {
            return (RemoteStartTransaction.Confirmation(status: .rejected), [])
        }
        let effects = inTurn(at: moment) { machine, turn in
            if machine.keys.authorizeRemoteTxRequests {
                machine.authorize(request.idTag, .remoteStart, on: target.id, candidates: [target.id], &turn)
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

    /// RemoteStopTransaction (OCPP 1.6 §5.12). Only an id that the central system gave can match (CORE-REM-18).
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
    /// Without a lock a running transaction is left alone (E §3.87, CORE-UNL-05).
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
    /// connectors (CORE-AVL-15).
    public mutating func changeAvailability(
        _ request: ChangeAvailability.Request,
        at moment: Moment
    ) -> (ChangeAvailability.Confirmation, [ChargingEffect]) {
        let isOperative = request.type == .operative
        guard request.connectorId == 0 || connector(request.connectorId) != nil else {
            return (ChangeAvailability.Confirmation(status: .rejected), [])
        }
        var isDone = true
        let effects = inTurn(at: moment) { machine, turn in
            var ids = [request.connectorId]
            if request.connectorId == 0, isOperative { ids += machine.connectors.map(\.id) }
            for id in ids where turn.ledger.inoperative.contains(id) == isOperative {
                turn.persist(.availabilitySet(AvailabilitySet(connectorId: id, operative: isOperative)), .synced)
            }
            // An earlier change may still wait for a disk that takes it; the answer promises that it is there.
            turn.persistUnsaved()
            machine.reportChargePoint(&turn)
            for index in machine.connectors.indices {
                let id = machine.connectors[index].id
                guard request.connectorId == 0 || id == request.connectorId else { continue }
                if !isOperative { machine.authorization.abandon(connectorId: id) }
                let isEffective = machine.connectors[index].setAvailability(
                    own: !turn.ledger.inoperative.contains(id),
                    chargePoint: !turn.ledger.inoperative.contains(0),
                    &turn
                )
                isDone = isDone && (isEffective || isOperative)
            }
        }
        return (ChangeAvailability.Confirmation(status: isDone ? .accepted : .scheduled), effects)
    }

    /// The status of the charge point itself, connector 0 (OCPP 1.6 §7.7).
    mutating func reportChargePoint(_ turn: inout ChargingTurn) {
        let hasReaderFault = readers.values.contains { $0.faults.contains(.readerFailure) }
        let report = StatusReport(
            connectorId: 0,
            status: turn.ledger.inoperative.contains(0) ? .unavailable : .available,
            errorCode: hasReaderFault ? .readerFailure : .noError,
            since: turn.now
        )
        let last = turn.statusChanges.last { $0.connectorId == 0 } ?? reporter.chargePoint
        guard !report.saysTheSame(as: last) else { return }
        turn.statusChanges.append(report)
    }

    mutating func took(_ reader: ReaderState, _ turn: inout ChargingTurn) {
        for id in reader.connectorIds { withConnector(id, &turn) { $0.heard(&$1) } }
        // More readers than connectors could ever use are not ours to watch.
        guard readers[reader.readerId] != nil || readers.count < 16 else { return }
        readers[reader.readerId] = reader
        reportChargePoint(&turn)
    }

    // MARK: - Reset and triggers

    /// Ends every transaction, for a Reset (OCPP 1.6 §5.14) or another restart.
    public mutating func stopAll(reason: Reason, at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            for index in machine.connectors.indices { machine.connectors[index].stop(reason, idTag: nil, &turn) }
        }
    }

    /// A transaction is running, or its end is not on disk yet.
    public var hasOpenTransaction: Bool { connectors.contains { $0.transaction != nil } }

    /// Messages that the central system did not confirm yet.
    public var undelivered: Int { ledger.undelivered }

    /// Queues the current status, of one connector or all, connector 0 included (OCPP 1.6 §5.17). False when there is no such connector.
    public mutating func triggerStatus(connectorId: Int?, at moment: Moment) -> Bool {
        let known = [0] + connectors.map(\.id)
        let wanted = connectorId.map { [$0] } ?? known
        guard wanted.allSatisfy(known.contains) else { return false }
        for id in wanted { reporter.trigger(connectorId: id, at: moment.uptime) }
        return true
    }

    /// The statuses as published last, by connectorId.
    public var statuses: [ConnectorStatus] { published.connectors.values.sorted { $0.connectorId < $1.connectorId } }

    /// The queue as published last.
    public var queue: QueueState? { published.queue }
}
