import BusSchema
import OCPP
public import Primitives

/// The CALLs of the charging part: one at a time, when the owner has the slot free (J §4.1.1).
extension ChargingMachine {
    /// The CALL to send now; nil when none is due. To be asked while online and the slot is free, after every event and deadline.
    /// People first, then statuses, then the queue: other messages may pass it (OCPP 1.6 §3.7).
    public mutating func nextCall(at moment: Moment) -> OutgoingCall? {
        guard isOnline else { return nil }
        if let request = authorization.next() {
            return OutgoingCall(
                key: .authorize(request.number),
                request: .authorize(Authorize.Request(idTag: request.idTag))
            )
        }
        if let report = reporter.next(at: moment.uptime) {
            return OutgoingCall(
                key: .status(connectorId: report.connectorId),
                request: statusRequest(report, at: moment)
            )
        }
        // With a disk that refuses, what is delivered could not be marked so.
        guard storage.unsaved.isEmpty, let entry = delivery.next(ledger, at: moment.uptime),
            let request = entry.request(clock, at: moment)
        else {
            return nil
        }
        return OutgoingCall(key: .delivery(sequence: entry.sequence), request: request, messageId: entry.messageId)
    }

    /// How a CALL given out by `nextCall` ended. Keys of others are ignored.
    public mutating func callFinished(_ key: CallKey, _ outcome: CallOutcome, at moment: Moment) -> [ChargingEffect] {
        inTurn(at: moment) { machine, turn in
            switch key.source {
            case .authorization: machine.authorizeFinished(Int(key.number), outcome, &turn)
            case .status:
                var isConfirmed = false
                if case .confirmed = outcome { isConfirmed = true }
                machine.reporter.finished(
                    connectorId: Int(key.number),
                    confirmed: isConfirmed,
                    at: moment.uptime
                )
            case .delivery: machine.deliveryFinished(key.number, outcome, &turn)
            case .registration, .heartbeat: break
            }
        }
    }

    private mutating func deliveryFinished(_ sequence: Int64, _ outcome: CallOutcome, _ turn: inout ChargingTurn) {
        var registers: [String: Int64] = [:]
        for connector in connectors {
            if let transaction = connector.transaction { registers[transaction.uuid] = transaction.registerWh }
        }
        guard let assigned = delivery.finished(sequence, outcome, registers: registers, &turn) else { return }
        for index in connectors.indices { connectors[index].assigned(assigned, &turn) }
    }

    private func statusRequest(_ report: StatusReport, at moment: Moment) -> OCPPRequest {
        .statusNotification(
            StatusNotification.Request(
                connectorId: report.connectorId,
                errorCode: report.errorCode,
                info: report.info.map { CiString50(fitting: $0) },
                status: report.status,
                timestamp: clock.timestamp(of: report.since, at: moment),
                vendorErrorCode: report.vendorErrorCode.map { CiString50(fitting: $0) }
            )
        )
    }

    // MARK: - Connection

    mutating func wentOnline(registered: Bool, _ turn: inout ChargingTurn) {
        isOnline = true
        turn.isOnline = true
        reporter.wentOnline(
            registered: registered,
            connectors: [0] + connectors.map(\.id),
            at: turn.moment.uptime
        )
    }

    mutating func wentOffline(_ turn: inout ChargingTurn) {
        isOnline = false
        turn.isOnline = false
        reporter.wentOffline()
        delivery.wentOffline()
        for request in authorization.popAll() { decideOffline(request, &turn) }
    }

    // MARK: - Dead letters

    /// Puts the dead letters back into the queue, at the place of their time. Returns how many.
    public mutating func resendDeadLetters(at moment: Moment) -> (requeued: Int, effects: [ChargingEffect]) {
        let count = ledger.deadLetters.count
        guard count > 0 else { return (0, []) }
        let effects = inTurn(at: moment) { _, turn in turn.persist(.requeued(Requeued()), .synced) }
        return (count, effects)
    }
}
