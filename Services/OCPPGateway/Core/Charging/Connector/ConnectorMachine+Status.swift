import BusSchema
import OCPP
import Primitives

/// What the connector says about itself: the facts for its status, and words for people.
extension ConnectorMachine {
    /// By the facts of this moment, which may not be reported yet.
    var isFaulted: Bool { rules.verdict()?.status == .faulted }

    var rules: StatusRules {
        StatusRules(usage: usage, facts: facts, outOfUse: InoperabilityReason.status(of: inoperability))
    }

    private var usage: StatusRules.Usage {
        switch session {
        case .idle: .none
        case .plugged, .authorized: .preparing
        case .finishing: .finishing
        case .transaction(let transaction):
            .transaction(
                StatusRules.TransactionFacts(
                    isStopping: !transaction.isRunning,
                    endsByDisconnection: transaction.stop?.reason == .evDisconnected,
                    energyAllowed: transaction.mayDraw,
                    isFresh: timers.isSet(.fresh),
                    offerIsFresh: timers.isSet(.offered)
                )
            )
        }
    }

    /// The connector as the bus shows it; nil while nothing is known.
    func status(_ turn: ChargingTurn) -> ConnectorStatus? {
        guard let report else { return nil }
        return ConnectorStatus(
            connectorId: id,
            status: report.status.rawValue,
            errorCode: report.errorCode.rawValue,
            info: report.info,
            since: turn.clock.timestamp(of: report.since, at: turn.moment).millisecondsSinceEpoch,
            transaction: transaction.map { transaction in
                ConnectorStatus.Transaction(
                    uuid: transaction.uuid,
                    transactionId: transaction.transactionId,
                    idTag: transaction.idTag.text,
                    startedAt: turn.clock.timestamp(of: transaction.startTime, at: turn.moment).millisecondsSinceEpoch,
                    meterStartWh: transaction.meterStartWh,
                    startIsDeadLetter: isStartDead(turn) ? true : nil
                )
            },
            explanation: explanation(report, isAuthorizing: turn.isAuthorizing(id)),
            refusal: refusal.map { refusal in
                let time = turn.clock.timestamp(of: refusal.time, at: turn.moment)
                return ConnectorStatus.Refusal(reason: refusal.reason, at: time.millisecondsSinceEpoch)
            }
        )
    }

    private func explanation(_ report: StatusReport, isAuthorizing: Bool) -> String {
        switch report.status {
        case .faulted:
            let code = report.vendorErrorCode ?? report.errorCode.rawValue
            let reason = facts.isSilent ? report.info : facts.state?.notChargingBecause ?? report.info
            // hardware-io names the code before its words.
            return reason.map { "Cannot deliver energy: \($0.hasPrefix(code) ? $0 : "\(code): \($0)")." }
                ?? "Cannot deliver energy: \(code)."
        case .unavailable: return InoperabilityReason.sentence(of: inoperability)
        case .available: return "Free. Waits for a cable or a card."
        case .charging: return charging
        case .suspendedEV: return suspendedByVehicle
        case .suspendedEVSE: return "No energy flows: \(facts.state?.notChargingBecause ?? report.info ?? Self.notYet)."
        case .reserved: return "Kept for the card that reserved it."
        case .finishing:
            if case .finishing(.some) = session, settings.hasLock {
                return "Over. The cable is kept for the card that it belongs to."
            }
            if let stop = transaction?.stop {
                return "Stopping: \(stop.reason.words). Waits for the last meter reading."
            }
            let over = lastEnd.map { "Over: \($0.words)" } ?? "Over, or no card came in time"
            return "\(over). Waits for the cable to be removed, or for a card."
        case .preparing: return preparing(isAuthorizing: isAuthorizing)
        }
    }

    private func isStartDead(_ turn: ChargingTurn) -> Bool {
        turn.ledger.open[id].map { turn.ledger.deadLetters.contains($0.began.sequence) } ?? false
    }

    private var charging: String {
        // The status may lag behind on purpose; what is said of it in words is as it is now.
        if let state = facts.state, state.contactor != .closed {
            return "No energy flows now: \(state.notChargingBecause ?? Self.notYet)."
        }
        guard let milliamps = facts.state?.offeredMilliamps, milliamps > 0 else { return "Energy flows." }
        let tenths = milliamps % 1000 / 100
        return "The EV may draw up to \(milliamps / 1000)\(tenths == 0 ? "" : ".\(tenths)") A."
    }

    private var suspendedByVehicle: String {
        guard facts.isPlugged else { return "The EV is gone; the transaction goes on." }
        guard let state = facts.state, state.pilot?.asksForEnergy == true else {
            return "The EV does not ask for energy."
        }
        return "The EV asks for energy again: \(state.notChargingBecause ?? Self.notYet)."
    }

    private static let notYet = "the contactor is not closed yet"

    private func preparing(isAuthorizing: Bool) -> String {
        switch session {
        case .plugged: isAuthorizing ? "Waits for the authorization." : "Cable connected. Waits for a card."
        case .authorized where facts.isPlugged && hold.isUnderWay: "Authorized. Waits for the lock to hold the cable."
        case .authorized where facts.isPlugged: "Authorized. Waits for a valid meter reading."
        case .authorized: "Authorized. Waits for the cable."
        case .idle, .transaction, .finishing: "Started. Waits for the EV to draw."
        }
    }
}

extension Reason {
    /// What ended a transaction, as a clause for people, with the name that the central system is told.
    fileprivate var words: String {
        let words =
            switch self {
            case .deAuthorized: "the central system did not accept the card"
            case .emergencyStop: "the emergency stop was pressed"
            case .evDisconnected: "the EV was disconnected"
            case .hardReset, .softReset: "the charger was reset"
            case .local: "ended with a card"
            case .other: "ended for a reason that stands in the log"
            case .powerLoss: "the power failed"
            case .reboot: "the charger was started anew"
            case .remote: "ended by the central system"
            case .unlockCommand: "the central system unlocked the cable"
            }
        return "\(words) (\(rawValue))"
    }
}
