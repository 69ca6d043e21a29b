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
                    isFresh: timers.isSet(.fresh)
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
                    meterStartWh: transaction.meterStartWh
                )
            },
            explanation: explanation(report, isAuthorizing: turn.isAuthorizing(id))
        )
    }

    private func explanation(_ report: StatusReport, isAuthorizing: Bool) -> String {
        switch report.status {
        case .faulted:
            let code = report.vendorErrorCode ?? report.errorCode.rawValue
            let reason = facts.isSilent ? report.info : facts.state?.notChargingBecause ?? report.info
            return reason.map { "Cannot deliver energy: \($0) (\(code))." } ?? "Cannot deliver energy: \(code)."
        case .unavailable where inoperability.contains(.registration):
            return "The central system of this address has not accepted this charger yet: nobody may charge before."
        case .unavailable where inoperability == [.unread]:
            return "Its availability cannot be read from the disk: out of service until the central system changes it."
        case .unavailable: return "Taken out of service by the central system."
        case .available: return "Free. Waits for a cable or a card."
        case .charging: return "Charging."
        case .suspendedEV:
            return facts.isPlugged ? "The EV does not ask for energy." : "The EV is gone; the transaction goes on."
        case .suspendedEVSE:
            return "No energy is offered: \(facts.state?.notChargingBecause ?? report.info ?? "no permit")."
        case .reserved: return "Reserved."
        case .finishing:
            if case .finishing(.some) = session, settings.hasLock {
                return "Over. The cable is kept for the card that it belongs to."
            }
            return transaction == nil
                ? "Over, or no card came in time. Waits for the cable to be removed, or for a card."
                : "Stopping. Waits for the last meter reading."
        case .preparing: return preparing(isAuthorizing: isAuthorizing)
        }
    }

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
