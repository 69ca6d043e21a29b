import BusSchema
import OCPP
public import Primitives

/// The CALLs of the charging part: one at a time, when the owner has the slot free (J §4.1.1).
extension ChargingMachine {
    /// The CALL to send now; nil when none is due. To be asked while online and the slot is free, after every event and deadline.
    /// People first, then statuses, then the queue: other messages may pass it (OCPP 1.6 §3.7).
    public mutating func nextCall(at moment: Moment) -> OutgoingCall? {
        guard isOnline else { return nil }
        if let request = nextIdentity() {
            return OutgoingCall(
                key: .authorize(request.number),
                request: .authorize(Authorize.Request(idTag: request.idTag))
            )
        }
        let turn = turn(at: moment)
        if let (number, request) = statuses.nextRequest(turn) {
            return OutgoingCall(key: .status(number), request: .statusNotification(request))
        }
        guard let entry = delivery.next(turn.book), let request = entry.request(turn.clock, at: moment) else {
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
                machine.statuses.finished(key.number, confirmed: outcome.isProcessed, at: moment.uptime)
            case .delivery: machine.deliveryFinished(key.number, outcome, &turn)
            case .registration, .heartbeat: break
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
        isOnline = true
        turn.isOnline = true
        statuses.wentOnline(registered: registered, connectorIds: connectors.map(\.id), at: turn.uptime)
    }

    mutating func wentOffline(_ turn: inout ChargingTurn) {
        isOnline = false
        turn.isOnline = false
        statuses.wentOffline()
        delivery.wentOffline()
        for request in turn.identity.popAll() { decideOffline(request, &turn) }
    }

    // MARK: - Dead letters

    /// Puts the dead letters back into the queue, at the place of their time. Returns how many.
    public mutating func resendDeadLetters(at moment: Moment) -> (requeued: Int, effects: [ChargingEffect]) {
        let count = turn(at: moment).ledger.deadLetters.count
        guard count > 0 else { return (0, []) }
        let effects = inTurn(at: moment) { _, turn in turn.persist(.requeued(Requeued()), .synced) }
        return (count, effects)
    }
}

extension CallOutcome {
    /// The central system has taken the message in.
    var isProcessed: Bool {
        switch self {
        case .confirmed, .unreadable: true
        case .refused, .timedOut, .connectionLost, .unsettled: false
        }
    }
}
