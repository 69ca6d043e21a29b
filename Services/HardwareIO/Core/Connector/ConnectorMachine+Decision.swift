import BusSchema
import Primitives

// What follows from permit, EV, cable, lock and faults together. Runs after every fact.
extension ConnectorMachine {
    /// When nothing is offered any more the EV has so long to end its draw (IEC 61851-1 table A.6); then it is opened under load.
    static let stoppingLimit = Duration.seconds(6)
    /// The same while somebody waits for the cable: an EV should have ended its draw by then.
    static let stoppingLimitForUnlock = Duration.seconds(3)

    mutating func decide(at moment: Moment, into outcome: inout Outcome) {
        decideContactor(offerable: offerableMilliamps(at: moment), at: moment, into: &outcome)
        decideOffer(offerableMilliamps(at: moment), at: moment, into: &outcome)
        decideLock(at: moment, into: &outcome)
        answerUnlocks(at: moment, into: &outcome)
        guard !terminated else { return }
        let current = !contactor.isSafelyOpen
        absorb(meter.handle(.currentExpected(current), at: moment), at: moment, into: &outcome)
        if !contactor.isOrderedClosed { _ = overCurrent.handle(.contactorOpened, at: moment) }
    }

    /// When to treat a silent sensor as lost.
    var pilotSilenceDeadline: Duration? {
        guard contactor.isOrderedClosed, let lastReadAt = pilot.lastReadAt else { return nil }
        return max(lastReadAt, closedAt) + Self.pilotSilenceLimit
    }

    /// When to open the contactor under load.
    var stoppingDeadline: Duration? {
        stoppingSince.map { $0 + (unlocks.isEmpty ? Self.stoppingLimit : Self.stoppingLimitForUnlock) }
    }

    /// When a lost meter ends charging; nil once it did, or while nobody charges.
    var meterGraceDeadline: Duration? {
        guard contactor.isOrderedClosed, let lostSince = meter.lostSince else { return nil }
        return lostSince + configuration.meterLossGrace
    }

    /// The highest current that cable and installation carry, mA.
    var ratedMilliamps: Int {
        guard configuration.hasSocket else { return configuration.ratedMilliamps }
        guard case .cable(let rated) = proximity.plug else { return configuration.ratedMilliamps }
        return min(rated, configuration.ratedMilliamps)
    }

    /// The faults that forbid energy, worst first. A code that is unknown here does.
    func blockingFaults(at moment: Moment) -> [HardwareFaultCode] {
        faults.codes.filter { code in
            switch code {
            case .readerFailure: false
            case .powerMeterFailure: meterGraceIsOver(at: moment)
            default: true
            }
        }
    }

    /// Whether the cable is one, and secured as this connector can secure it.
    var cableIsSecured: Bool {
        guard configuration.hasSocket else { return true }
        guard case .cable = proximity.plug else { return false }
        return lock.map(\.isSecured) ?? true
    }

    /// Whether the EV asks for energy in a way that may be served here.
    var servesRequest: Bool {
        pilot.pilot == .c || (pilot.pilot == .d && configuration.ventilated)
    }

    private func meterGraceIsOver(at moment: Moment) -> Bool {
        guard let lostSince = meter.lostSince else { return false }
        return moment.uptime >= lostSince + configuration.meterLossGrace
    }

    /// What may be offered now; 0 when nothing may.
    private func offerableMilliamps(at moment: Moment) -> Int {
        guard !terminated, let permit = permit.inForce, pilot.pilot?.isPlugged == true,
            blockingFaults(at: moment).isEmpty,
            // A grace period carries a running charge on and begins nothing.
            self.permit.isValid || contactor.isOrderedClosed
        else { return 0 }
        if configuration.hasSocket {
            guard case .cable = proximity.plug else { return 0 }
        }
        let milliamps = min(permit.limitMilliamps, ratedMilliamps)
        return milliamps < PilotDuty.lowestMilliamps ? 0 : milliamps
    }

    private mutating func decideContactor(offerable: Int, at moment: Moment, into outcome: inout Outcome) {
        guard contactor.isOrderedClosed else {
            stoppingSince = nil
            guard offerable > 0, permit.isValid, servesRequest, cableIsSecured else { return }
            absorb(contactor.handle(.closeOrdered, at: moment), at: moment, into: &outcome)
            if contactor.isOrderedClosed { closedAt = moment.uptime }
            return
        }
        if mustOpenAtOnce(at: moment) {
            openContactor(at: moment, into: &outcome)
        } else if offerable > 0 {
            stoppingSince = nil
        } else {
            if stoppingSince == nil { stoppingSince = moment.uptime }
            if let deadline = stoppingDeadline, deadline <= moment.uptime { openContactor(at: moment, into: &outcome) }
        }
    }

    private func mustOpenAtOnce(at moment: Moment) -> Bool {
        terminated || !servesRequest || !cableIsSecured || permit.wasLost || !blockingFaults(at: moment).isEmpty
    }

    private mutating func openContactor(at moment: Moment, into outcome: inout Outcome) {
        stoppingSince = nil
        absorb(contactor.handle(.openOrdered, at: moment), at: moment, into: &outcome)
    }

    private mutating func decideOffer(_ offerable: Int, at moment: Moment, into outcome: inout Outcome) {
        let event = terminated ? OfferMachine.Event.serviceEnded : .offerWanted(milliamps: offerable)
        absorb(offer.handle(event, at: moment), into: &outcome)
    }

    /// The cable is locked from the grant of a permit until somebody asks for it, and released without being asked only when nobody
    /// is left who could ask: the permit was lost and the EV left (OCPP 1.6 §4.10 leaves the rest to whoever runs the session).
    private mutating func decideLock(at moment: Moment, into outcome: inout Outcome) {
        guard var machine = lock, machine.isKnown, !terminated else { return }
        let isPlugged = pilot.pilot?.isPlugged == true
        var hasCable = false
        if case .cable = proximity.plug { hasCable = true }
        if released {
            lockWanted = false
        } else if permit.inForce != nil, isPlugged, hasCable {
            lockWanted = true
        } else if permit.inForce == nil, proximity.plug == .absent || (permit.wasLost && pilot.pilot == .a) {
            lockWanted = false
        }
        if lockWanted, !machine.isSecured {
            absorbLock(&machine, .lockOrdered, at: moment, into: &outcome)
        } else if !lockWanted, !machine.isReleased, contactor.isSafelyOpen {
            absorbLock(&machine, .unlockOrdered, at: moment, into: &outcome)
        }
    }

    private mutating func absorbLock(
        _ machine: inout LockMachine,
        _ event: LockMachine.Event,
        at moment: Moment,
        into outcome: inout Outcome
    ) {
        let effects = machine.handle(event, at: moment)
        lock = machine
        absorb(effects, into: &outcome)
    }

    private mutating func answerUnlocks(at moment: Moment, into outcome: inout Outcome) {
        guard !unlocks.isEmpty else { return }
        let isDone = lock?.isReleased == true && contactor.isSafelyOpen
        unlocks = unlocks.filter { pending in
            guard isDone || terminated || pending.deadline <= moment.uptime else { return true }
            outcome.reply(pending.id, .unlock(Unlock.Reply(outcome: isDone ? .unlocked : .failed)))
            return false
        }
    }
}
