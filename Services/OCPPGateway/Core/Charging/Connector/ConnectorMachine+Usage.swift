import BusSchema
import OCPP
import Primitives

/// The usage around a transaction: cable, identifier, time-outs, availability, lock.
extension ConnectorMachine {
    private static let unlockRetry = Duration.seconds(5)
    private static let unlockAttempts = 3
    /// UnlockConnector is answered within the response budget (CORE-UNL-06); hardware-io waits for the contactor by itself.
    private static let unlockBudget = Duration.milliseconds(4800)

    // MARK: - Cable

    /// The cable was connected to an EV.
    mutating func plugged(_ turn: inout ChargingTurn) {
        switch session {
        case .idle:
            session = .plugged
            startConnectionTimeOut(turn)
        case .authorized, .transaction, .plugged, .finishing: break
        }
    }

    /// The cable was removed at the EV.
    mutating func unplugged(_ turn: inout ChargingTurn) {
        switch session {
        case .plugged, .authorized: cancelUsage(&turn)  // B1
        case .transaction(let transaction):
            guard transaction.isRunning else { return }
            turn.log(.notice, "EV side disconnected", .init("transaction", transaction.uuid))
            guard turn.keys.stopTransactionOnEVSideDisconnect else { return }
            stop(.evDisconnected, idTag: nil, &turn)
        case .idle, .finishing: break
        }
    }

    /// Finishing ends when the user has nothing left to do (F1, F8).
    mutating func leaveFinishingIfDone(_ turn: inout ChargingTurn) {
        guard case .finishing = session, facts.state != nil, !facts.needsUserAction else { return }
        session = .idle
        unlock.isWanted = false
        if turn.ledger.finishing.contains(id) { turn.persist(.released(Released(connectorId: id)), .written) }
    }

    // MARK: - Identifier

    /// The identifier may charge here.
    mutating func accepted(_ authorized: Authorized, _ turn: inout ChargingTurn) {
        isAuthorizing = false
        switch session {
        case .idle, .finishing: startConnectionTimeOut(turn)
        case .plugged: break
        case .authorized, .transaction: return
        }
        guard isOperative, isChargePointOperative else { return }
        session = .authorized(authorized)
        updateStatus(&turn)
        beginIfPossible(&turn)
        updateStatus(&turn)
    }

    /// Ends a usage that has no transaction: second presentation, removed cable, time-out (B1).
    mutating func cancelUsage(_ turn: inout ChargingTurn) {
        switch session {
        case .plugged, .authorized:
            timers.clear(.connectionTimeOut)
            session = .idle
            if facts.isPlugged {
                session = .plugged
                startConnectionTimeOut(turn)
            }
            updateStatus(&turn)
        case .idle, .transaction, .finishing: break
        }
    }

    /// ConnectionTimeOut runs from the beginning of Preparing (E §3.21); an Unavailable connector is not preparing.
    mutating func startConnectionTimeOut(_ turn: ChargingTurn) {
        guard isOperative, isChargePointOperative else { return }
        timers.set(.connectionTimeOut, at: turn.moment.uptime + turn.keys.connectionTimeOut)
    }

    mutating func giveUp(_ turn: inout ChargingTurn) {
        switch session {
        case .plugged:
            if isAuthorizing {
                // The person did their part; the answer decides.
                timers.set(.connectionTimeOut, at: turn.moment.uptime + .seconds(1))
                return
            }
            session = .finishing(owner: nil)  // B6, E §3.20
        case .authorized:
            session = facts.isPlugged ? .finishing(owner: nil) : .idle
        case .idle, .transaction, .finishing: return
        }
        turn.log(.notice, "ConnectionTimeOut", .init("connector", id))
        updateStatus(&turn)
    }

    // MARK: - Availability

    /// Takes the settings over. Returns false when the change has to wait for the end of a usage (CORE-AVL-02).
    mutating func setAvailability(own: Bool, chargePoint: Bool, _ turn: inout ChargingTurn) -> Bool {
        let wasOperative = isOperative && isChargePointOperative
        isOperative = own
        isChargePointOperative = chargePoint
        let isNow = own && chargePoint
        if wasOperative, !isNow {
            isAuthorizing = false
            timers.clear(.connectionTimeOut)
            if case .authorized = session { session = facts.isPlugged ? .plugged : .idle }
        }
        if !wasOperative, isNow, session == .plugged { startConnectionTimeOut(turn) }
        updateStatus(&turn)
        switch session {
        case .transaction, .finishing: return isNow
        case .idle, .plugged, .authorized: return true
        }
    }

    // MARK: - Lock

    /// The owner of a cable that was kept locked is here (E §3.5).
    mutating func releaseToOwner(_ turn: inout ChargingTurn) {
        session = .finishing(owner: nil)
        wantUnlock(&turn)
        leaveFinishingIfDone(&turn)
        updateStatus(&turn)
    }

    mutating func wantUnlock(_ turn: inout ChargingTurn) {
        guard settings.hasLock else { return }
        unlock.isWanted = true
        unlock.attempts = 0
        requestUnlockIfDue(&turn)
    }

    /// UnlockConnector (OCPP 1.6 §5.18). The answer follows as an effect.
    mutating func unlock(answerId: String, _ turn: inout ChargingTurn) {
        if unlock.answerId != nil { confirmUnlock(.unlockFailed, &turn) }
        unlock.answerId = answerId
        timers.set(.unlockAnswer, at: turn.moment.uptime + Self.unlockBudget)
        stop(.unlockCommand, idTag: nil, &turn)
        wantUnlock(&turn)
    }

    mutating func requestUnlockIfDue(_ turn: inout ChargingTurn) {
        guard unlock.isWanted, !timers.isSet(.unlock) else { return }
        guard unlock.attempts < Self.unlockAttempts else { return }
        unlock.attempts += 1
        timers.set(.unlock, at: turn.moment.uptime + Self.unlockRetry)
        turn.add(.requestUnlock(Unlock(connectorId: id)))
    }

    mutating func unlockAnswered(_ outcome: UnlockOutcome, _ turn: inout ChargingTurn) {
        switch outcome {
        case .answered(.unlocked):
            timers.clear(.unlock)
            unlock.isWanted = false
            confirmUnlock(.unlocked, &turn)
        case .answered(.notSupported):
            timers.clear(.unlock)
            unlock.isWanted = false
            confirmUnlock(.notSupported, &turn)
        case .answered, .failed:
            turn.log(.warning, "the cable was not released", .init("connector", id))
            confirmUnlock(.unlockFailed, &turn)
            // Tried again when the timer says so.
            if unlock.attempts >= Self.unlockAttempts {
                timers.clear(.unlock)
                unlock.isWanted = false
            }
        }
    }

    mutating func confirmUnlock(_ status: UnlockStatus, _ turn: inout ChargingTurn) {
        timers.clear(.unlockAnswer)
        guard let answerId = unlock.answerId else { return }
        unlock.answerId = nil
        turn.add(.confirmUnlock(id: answerId, UnlockConnector.Confirmation(status: status)))
    }
}
