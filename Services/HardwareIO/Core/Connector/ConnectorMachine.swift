import BusSchema
import Primitives

/// One connector: routes facts to its small machines, then decides what follows from all of them together.
///
/// The contactor is closed only while everything agrees (`ConnectorMachine+Decision`), and opens within the same call in which
/// the first of them is gone.
struct ConnectorMachine: Machine {
    enum Event: Equatable {
        case started
        case driver(DriverEvent)
        case permitRequested(RequestID, Permit)
        case unlockRequested(RequestID)
        case indicateRequested(RequestID, Indicate.Signal)
        case clearFaultRequested(RequestID, HardwareFaultCode)
        /// The process is to end.
        case terminationRequested
    }

    typealias Effect = HardwareEffect

    /// An Unlock waits for the contactor and for the lock.
    struct PendingUnlock: Equatable {
        var id: RequestID
        var deadline: Duration
    }

    /// Longest silence of the pilot's sensor while energy flows.
    static let pilotSilenceLimit = Duration.seconds(3)
    /// Time in which an Unlock is answered, whatever the lock does: the asker has to answer a central system in turn.
    static let unlockLimit = Duration.milliseconds(4500)
    /// Unlock requests that wait at once; more are refused.
    static let unlockCapacity = 8

    let configuration: ConnectorConfiguration
    let bootId: String

    var pilot = PilotMachine()
    var contactor: ContactorMachine
    var lock: LockMachine?
    var permit: PermitMachine
    var offer = OfferMachine()
    var meter: MeterMachine
    var overCurrent = OverCurrentMachine()
    var proximity = ProximityMachine()
    var faults = FaultTable()

    /// When the contactor was ordered to close last. Before that a pilot that does not change may be silent.
    var closedAt = Duration.zero
    /// Since when nothing is offered any more although the contactor is closed: the EV gets time to end its draw.
    var stoppingSince: Duration?
    var unlocks: [PendingUnlock] = []
    /// Somebody asked for the cable since the last grant or plug: it is not locked again.
    var released = false
    var lockWanted = false
    var terminated = false
    /// What was published last.
    var published: ConnectorState?
    /// When anything was published last.
    var publishedAt: Duration
    var publishedFaults: [HardwareFaultCode: String] = [:]

    init(configuration: ConnectorConfiguration, bootId: String, at start: Moment) {
        precondition((1...3).contains(configuration.phases), "A connector has one to three phases.")
        self.configuration = configuration
        self.bootId = bootId
        contactor = ContactorMachine(rest: configuration.contactorRest, at: start)
        lock = configuration.hasLock ? LockMachine() : nil
        permit = PermitMachine(policy: configuration.onPermitLost)
        meter = MeterMachine(configuration: configuration, at: start)
        publishedAt = start.uptime
    }

    var nextDeadline: Deadline? {
        if terminated { return contactor.nextDeadline }
        return earliest(
            contactor.nextDeadline,
            lock?.nextDeadline,
            permit.nextDeadline,
            offer.nextDeadline,
            meter.nextDeadline,
            overCurrent.nextDeadline,
            Deadline(at: pilotSilenceDeadline, for: "the pilot was silent for too long"),
            Deadline(at: stoppingDeadline, for: "the EV had time to end its draw"),
            Deadline(at: meterGraceDeadline, for: "the meter is lost for too long"),
            Deadline(at: unlocks.lazy.map(\.deadline).min(), for: "an Unlock must be answered")
        )
    }

    mutating func handle(_ event: Event, at moment: Moment) -> [HardwareEffect] {
        var outcome = Outcome()
        var answer: (id: RequestID, reply: (ConnectorState) -> HardwareReply)?
        switch event {
        case .started:
            outcome.command(.openContactor(connectorId: configuration.connectorId))
        case .driver(.contactorFeedback(_, let closed)):
            absorb(contactor.handle(.feedbackRead(closed: closed), at: moment), at: moment, into: &outcome)
        case .driver(let fact):
            // Of a connector out of service only the contactor matters.
            guard !terminated else { return [] }
            take(fact, at: moment, into: &outcome)
        case .permitRequested(let id, let request):
            if let objection = permitObjection(to: request, at: moment) {
                outcome.refuse(id, objection)
            } else {
                absorb(permit.handle(.requested(request), at: moment), at: moment, into: &outcome)
                answer = (id, { .permit(Permit.Reply(connector: $0)) })
            }
        case .unlockRequested(let id):
            requestUnlock(id, at: moment, into: &outcome)
        case .indicateRequested(let id, let signal):
            outcome.command(.indicate(connectorId: configuration.connectorId, signal))
            outcome.reply(id, .done)
        case .clearFaultRequested(let id, let code):
            clearFault(id, code, at: moment, into: &outcome)
        case .terminationRequested:
            terminated = true
            outcome.log(LogRecord(.notice, "connector is taken out of service", connectorField))
        }
        decide(at: moment, into: &outcome)
        if let answer { outcome.reply(answer.id, answer.reply(state(at: moment))) }
        publishChanges(at: moment, into: &outcome)
        return outcome.effects
    }

    mutating func deadlineReached(at moment: Moment) -> [HardwareEffect] {
        var outcome = Outcome()
        absorb(contactor.deadlineReached(at: moment), at: moment, into: &outcome)
        if !terminated {
            absorb(permit.deadlineReached(at: moment), at: moment, into: &outcome)
            absorb(overCurrent.deadlineReached(at: moment), into: &outcome)
            watchPilotSilence(at: moment)
            if var machine = lock {
                let effects = machine.deadlineReached(at: moment)
                lock = machine
                absorb(effects, into: &outcome)
            }
            absorb(offer.deadlineReached(at: moment), into: &outcome)
            absorb(meter.deadlineReached(at: moment), at: moment, into: &outcome)
        }
        decide(at: moment, into: &outcome)
        publishChanges(at: moment, into: &outcome)
        return outcome.effects
    }

    var connectorField: LogRecord.Field { LogRecord.Field("connectorId", configuration.connectorId) }

    private func permitObjection(to request: Permit, at moment: Moment) -> BusError? {
        if terminated, request.granted { return BusError(.refused, "hardware-io is ending") }
        return PermitMachine.objection(to: request, at: moment)
    }
}

// MARK: - Requests

extension ConnectorMachine {
    private mutating func requestUnlock(_ id: RequestID, at moment: Moment, into outcome: inout Outcome) {
        guard let lock else {
            outcome.reply(id, .unlock(Unlock.Reply(outcome: .notSupported)))
            return
        }
        if contactor.position == .welded {
            outcome.refuse(id, BusError(.refused, "the contactor is welded: the cable is live"))
        } else if contactor.isOrderedClosed, permit.inForce != nil {
            outcome.refuse(id, BusError(.refused, "the contactor is closed under a permit: take that away first"))
        } else if lock.isReleased, contactor.isSafelyOpen {
            released = true
            outcome.reply(id, .unlock(Unlock.Reply(outcome: .unlocked)))
        } else if unlocks.count >= Self.unlockCapacity {
            outcome.refuse(id, BusError(.busy, "\(unlocks.count) unlock requests wait already"))
        } else {
            released = true
            unlocks.append(PendingUnlock(id: id, deadline: moment.uptime + Self.unlockLimit))
        }
    }

    private mutating func clearFault(
        _ id: RequestID,
        _ code: HardwareFaultCode,
        at moment: Moment,
        into outcome: inout Outcome
    ) {
        guard HardwareFaultCode.known.contains(code) || faults.codes.contains(code) else {
            outcome.refuse(id, BusError(.invalid, "\(code) is no fault that is known here"))
            return
        }
        guard faults.codes.contains(code) else {
            outcome.reply(id, .done)
            return
        }
        faults.clear(code)
        if code == .powerSwitchFailure {
            absorb(contactor.handle(.faultCleared, at: moment), at: moment, into: &outcome)
        }
        if code == .powerMeterFailure {
            absorb(meter.handle(.registerAccepted, at: moment), at: moment, into: &outcome)
        }
        guard faults.codes.contains(code) else {
            outcome.reply(id, .done)
            return
        }
        outcome.refuse(id, BusError(.refused, "\(code) is still there: \(faults.detail(of: code))"))
    }
}
