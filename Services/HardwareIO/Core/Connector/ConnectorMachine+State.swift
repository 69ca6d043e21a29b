import BusSchema
import Primitives

// What the connector tells others about itself.
extension ConnectorMachine {
    /// Everything there is to know now.
    func state(at moment: Moment) -> ConnectorState {
        ConnectorState(
            connectorId: configuration.connectorId,
            bootId: bootId,
            pilot: pilot.pilot,
            contactor: contactor.position,
            lock: lock?.position ?? .absent,
            permit: permit.inForce,
            offeredMilliamps: offer.offeredMilliamps,
            ratedMilliamps: ratedMilliamps,
            phases: configuration.phases,
            fixedCable: !configuration.hasSocket,
            faults: faults.codes,
            notChargingBecause: notChargingBecause(at: moment)
        )
    }

    /// Readings come at least each 10 s, and are a sign of life to others. When they do not, the state is said again after so long.
    private static let longestQuiet = Duration.seconds(12)

    /// Publishes the state when it changed or nothing was heard of it for long, and an event for every fault that came or went.
    mutating func publishChanges(at moment: Moment, into outcome: inout Outcome) {
        let state = state(at: moment)
        // Before the first reading of the pilot the state says nothing that anybody could act on, unless it says why.
        let isWorthTelling = published != nil || state.pilot != nil || !state.faults.isEmpty
        let isQuiet = published != nil && moment.uptime - publishedAt >= Self.longestQuiet
        if isWorthTelling, state != published || isQuiet {
            publishedAt = moment.uptime
            if let published, published.contactor != state.contactor {
                outcome.log(
                    LogRecord(.notice, "contactor changed", connectorField, .init("contactor", state.contactor))
                )
            }
            published = state
            outcome.publish(state)
        }
        publishFaultChanges(state.faults, into: &outcome)
    }

    private mutating func publishFaultChanges(_ codes: [HardwareFaultCode], into outcome: inout Outcome) {
        for (code, detail) in publishedFaults.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where !codes.contains(code) {
            publishedFaults[code] = nil
            announceFault(code, present: false, detail: detail, into: &outcome)
        }
        for code in codes where publishedFaults[code] == nil {
            let detail = faults.detail(of: code)
            publishedFaults[code] = detail
            announceFault(code, present: true, detail: detail, into: &outcome)
        }
    }

    private func announceFault(
        _ code: HardwareFaultCode,
        present: Bool,
        detail: String,
        into outcome: inout Outcome
    ) {
        outcome.publish(
            HardwareFault(connectorId: configuration.connectorId, code: code, present: present, detail: detail)
        )
        outcome.log(
            LogRecord(
                present ? .error : .notice,
                present ? "fault" : "fault is gone",
                connectorField,
                .init("code", code),
                .init("detail", detail)
            )
        )
    }

    /// One sentence, without its full stop; nil while energy flows, or nobody wants it.
    private func notChargingBecause(at moment: Moment) -> String? {
        guard contactor.position != .closed, let pilot = pilot.pilot, pilot.isPlugged else { return nil }
        // Without an offer an EV cannot ask: whether it wants energy shows in the permit that waits for it.
        guard pilot.asksForEnergy || (permit.isValid && offer.offeredMilliamps == 0) else { return nil }
        if terminated { return "hardware-io is ending" }
        if let fault = blockingFaults(at: moment).first { return "\(fault): \(faults.detail(of: fault))" }
        if pilot == .d, !configuration.ventilated {
            return "the EV asks for ventilation, which this place does not have"
        }
        guard let permit = permit.inForce else {
            return permit.wasLost ? "the permit was not renewed in time" : "there is no permit"
        }
        if configuration.hasSocket {
            guard case .cable = proximity.plug else { return "there is no valid cable in the socket" }
        }
        if permit.limitMilliamps < PilotDuty.lowestMilliamps {
            let lowest = amperes(PilotDuty.lowestMilliamps)
            return "the limit of \(amperes(permit.limitMilliamps)) is below the \(lowest) that can be offered"
        }
        if !self.permit.isValid { return "the permit was not renewed in time" }
        if !cableIsSecured { return "the cable is not locked" }
        if contactor.isResting(at: moment.uptime) { return "the contactor rests a few seconds between two closings" }
        return contactor.position == .closing ? "the contactor is closing" : nil
    }
}
