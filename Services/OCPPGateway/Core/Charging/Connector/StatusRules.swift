import BusSchema
import OCPP

/// The status of a connector as a function of facts (OCPP 1.6 §4.9, §7.7). Nothing here remembers anything; the only history is
/// whether the usage is before (Preparing) or after (Finishing) its transaction.
struct StatusRules {
    /// Where the usage of the connector stands.
    enum Usage: Equatable {
        case none
        /// Somebody began: cable in, or identifier accepted.
        case preparing
        /// Over, or given up (B6), with the cable still in.
        case finishing
        case transaction(TransactionFacts)
    }

    struct TransactionFacts: Equatable {
        /// Its end is decided.
        var isStopping: Bool
        /// It ends because the EV was disconnected.
        var endsByDisconnection = false
        /// The central system did not take the identifier back (OCPP 1.6 §4.8).
        var energyAllowed: Bool
        /// Began so recently that the EV had no time to react to the offer.
        var isFresh: Bool
        /// Energy is offered again, since so recently that the EV had no time to react to that.
        var offerIsFresh = false
    }

    /// What to report.
    struct Verdict: Equatable {
        /// With these, `info` says how they began; other words for why they last are no change of status.
        static let keepingInfo: Set<ChargePointStatus> = [.finishing, .suspendedEVSE]

        var status: ChargePointStatus
        var errorCode: ChargePointErrorCode = .noError
        var info: String?
        var vendorErrorCode: String?
        /// The facts are on their way to something else: report it only if they stay like this.
        var isTransitional = false
    }

    var usage: Usage
    var facts: ConnectorFacts
    /// The status without user when nobody may use it, by itself or with the charge point; nil in service.
    var outOfUse: ChargePointStatus?

    /// Nil while hardware-io was not heard yet: nothing is known.
    func verdict() -> Verdict? {
        if facts.isSilent {
            return Verdict(status: .faulted, errorCode: .internalError, info: "hardware-io does not answer")
        }
        guard let state = facts.state else { return nil }
        if let fault = blockingFault(of: state) { return fault }
        var verdict = working(state)
        let warnings = warnings(of: state, with: verdict.status)
        guard let first = warnings.first else { return verdict }
        verdict.errorCode = ChargePointErrorCode(rawValue: first.rawValue) ?? .otherError
        verdict.info = verdict.info ?? StatusReport.others(warnings.dropFirst().map(\.rawValue))
        return verdict
    }

    /// What is wrong and keeps no energy from flowing, worst first.
    private func warnings(of state: ConnectorState, with status: ChargePointStatus) -> [HardwareFaultCode] {
        let communication = state.faults.filter {
            $0 == .evCommunicationError && Self.withCommunicationError.contains(status)
        }
        return communication + state.faults.filter { Self.mayBeWarning.contains($0) }
    }

    /// EVCommunicationError is only ever a warning, with these (OCPP 1.6 §4.9).
    private static let withCommunicationError: Set<ChargePointStatus> = [
        .preparing, .suspendedEV, .suspendedEVSE, .finishing,
    ]
    /// Faults with which hardware-io may go on delivering; then they are warnings.
    private static let mayBeWarning: Set<HardwareFaultCode> = [
        .highTemperature, .overVoltage, .powerMeterFailure, .underVoltage,
    ]
    /// Faults that do not keep energy from flowing.
    private static let neverBlocking: Set<HardwareFaultCode> = [.evCommunicationError, .readerFailure]

    /// Faulted means that no energy can be delivered (OCPP 1.6 §7.7).
    private func blockingFault(of state: ConnectorState) -> Verdict? {
        let delivers = state.contactor == .closed
        let blocking = state.faults.first { code in
            !Self.neverBlocking.contains(code) && !(delivers && Self.mayBeWarning.contains(code))
        }
        guard let blocking else { return nil }
        let others = StatusReport.others(state.faults.filter { $0 != blocking }.map(\.rawValue))
        guard let code = ChargePointErrorCode(rawValue: blocking.rawValue) else {
            return Verdict(
                status: .faulted,
                errorCode: .otherError,
                info: others,
                vendorErrorCode: blocking.rawValue
            )
        }
        return Verdict(status: .faulted, errorCode: code, info: others)
    }

    private func working(_ state: ConnectorState) -> Verdict {
        switch usage {
        case .transaction(let transaction): return inTransaction(transaction, state)
        case .finishing: return Verdict(status: .finishing)
        case .none: return Verdict(status: outOfUse ?? .available)
        case .preparing where outOfUse == .unavailable: return Verdict(status: .unavailable)
        case .preparing: return Verdict(status: .preparing)
        }
    }

    private func inTransaction(_ transaction: TransactionFacts, _ state: ConnectorState) -> Verdict {
        if transaction.isStopping {
            return Verdict(status: .finishing, info: transaction.endsByDisconnection ? Self.disconnected : nil)
        }
        guard facts.isPlugged else { return Verdict(status: .suspendedEV, info: Self.disconnected) }
        guard transaction.energyAllowed else { return Verdict(status: .suspendedEVSE, info: "identifier not accepted") }
        if state.contactor == .closed || state.contactor == .closing, state.offeredMilliamps > 0 {
            return Verdict(status: .charging)
        }
        // A fresh transaction stays in Preparing until the EV had a chance to react (B3 rather than B4 and D3).
        if transaction.isFresh { return Verdict(status: .preparing) }
        let asks = state.pilot?.asksForEnergy ?? false
        if state.offeredMilliamps > 0, !asks, state.pilot != .e, state.pilot != .f {
            // What kept energy from it a moment ago was not the EV: it is no news that it does not ask yet.
            guard transaction.offerIsFresh else { return Verdict(status: .suspendedEV) }
            return Verdict(status: .suspendedEVSE, info: state.notChargingBecause, isTransitional: true)
        }
        // Both sides suspended is SuspendedEVSE (OCPP 1.6 §4.9). The contactor may just be about to follow.
        return Verdict(status: .suspendedEVSE, info: state.notChargingBecause, isTransitional: true)
    }

    /// OCPP 1.6 §4.9.
    private static let disconnected = "EV side disconnected"
}
