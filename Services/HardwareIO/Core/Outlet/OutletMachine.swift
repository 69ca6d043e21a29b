import BusSchema
import Primitives

/// One outlet, a connector with its devices: leads facts to their owners, then does what follows from all of them together (`Situation`).
///
/// The contactor is closed only while everything agrees, and opens in the same turn in which the first of them is gone.
struct OutletMachine {
    enum Event: Equatable {
        case started
        case driver(DriverEvent)
        case permitRequested(RequestID, Permit)
        case lockRequested(RequestID), unlockRequested(RequestID)
        case indicateRequested(RequestID, Indicate.Signal)
        case clearFaultRequested(RequestID, HardwareFaultCode)
        case testRequested(RequestID, TestHardware)
        case memoryStored(HardwareMemory.Outlet)
        /// The process is to end.
        case terminationRequested
    }

    private enum Stage: Equatable {
        case serving
        /// Nothing is offered any more although the contactor is closed: the EV gets time to end its draw.
        case stopping(since: Duration)
        case ending
    }

    /// When nothing is offered any more the EV has so long to end its draw (IEC 61851-1 table A.6); then it is opened under load.
    static let stoppingLimit = Duration.seconds(6)
    /// The same while somebody waits for the cable: an EV should have ended its draw by then.
    static let stoppingLimitForUnlock = Duration.seconds(3)
    /// No sensor here measures more, mA. What says so is made harmless where it enters, and still is far too much.
    static let highestMilliamps = 1_000_000
    /// Less than that on every phase is no mains, mV.
    static let leastMainsMillivolts = 100_000

    let configuration: ConnectorConfiguration
    private var stage = Stage.serving
    var pilot: PilotSensor
    var proximity: ProximitySensor
    var contactor: ContactorMachine
    var cable: CableMachine
    var lease: LeaseMachine
    var offer: OfferMachine
    var meter: MeterMachine
    var guards: Guards
    var faults: FaultLedger
    private var publication: Publication

    init(
        _ configuration: ConnectorConfiguration,
        memory: HardwareMemory.Outlet,
        testSince: Int64?,
        reading: MeterReading?,
        vehicle: VehicleSight?,
        at start: Duration
    ) {
        precondition((1...3).contains(configuration.phases), "A connector has one to three phases.")
        self.configuration = configuration
        pilot = PilotSensor(
            isVentilated: configuration.ventilated,
            diodeIsMissing: memory.diodeIsMissing == true,
            vehicle: vehicle,
            at: start
        )
        proximity = ProximitySensor(at: start)
        contactor = ContactorMachine(configuration, memory: memory, at: start)
        cable = CableMachine(configuration, at: start)
        lease = LeaseMachine(policy: configuration.onPermitLost)
        offer = OfferMachine(configuration)
        meter = MeterMachine(
            configuration,
            memory: memory,
            reading: reading,
            aliveUntil: vehicle.map { Duration(outsideMilliseconds: $0.seenAt) },
            at: start
        )
        faults = FaultLedger(memory)
        guards = Guards(
            configuration,
            phaseFailure: memory.phaseFailure,
            testSince: testSince.map { Duration(outsideMilliseconds: $0) },
            at: start
        )
        publication = Publication(connectorId: configuration.connectorId, at: start)
        followFaults()
    }

    var connectorId: Int { configuration.connectorId }

    var isEnding: Bool { stage == .ending }

    /// Nothing moves any more: the process may end.
    var isSettled: Bool { contactor.isSettled }

    /// What must be known again after a restart.
    var memory: HardwareMemory.Outlet {
        HardwareMemory.Outlet(
            connectorId: connectorId,
            failures: OutletFailures(
                contactorFailure: contactor.failure,
                mirrorIsUnproven: contactor.isUnproven ? true : nil,
                groundFailure: faults.groundFailure,
                overCurrentFailure: faults.overCurrentFailure,
                phaseFailure: guards.phases?.failure,
                diodeIsMissing: pilot.diodeIsMissing ? true : nil
            ),
            trips: faults.trips,
            registerWh: meter.settledWh,
            registerEpoch: meter.origin.epoch,
            refusedRegisterWh: meter.refusedWh,
            meter: meter.memory,
            recentStarts: contactor.recentStarts,
            recentClosings: contactor.recentClosings
        )
    }

    /// What the next process of this boot must know, whatever the disk does.
    var latches: OutletLatches {
        OutletLatches(memory, residualCurrentTestSince: guards.residualCurrent?.testSince)
    }

    var nextDeadline: Deadline? {
        if stage == .ending { return contactor.nextDeadline }
        return earliest(
            contactor.nextDeadline,
            cable.nextDeadline,
            lease.nextDeadline,
            offer.nextDeadline,
            meter.nextDeadline,
            guards.nextDeadline,
            Deadline(at: pilotSilence, for: "the pilot was silent for too long"),
            Deadline(at: proximitySilence, for: "the proximity contact was silent for too long"),
            Deadline(at: stoppingDeadline, for: "the EV had time to end its draw"),
            Deadline(at: meterGrace, for: "the meter is lost for too long")
        )
    }

    mutating func handle(_ event: Event, bootId: String, _ turn: inout Turn) {
        endLease(&turn)
        var grantor: RequestID?
        switch event {
        case .started: if !configuration.isControlled { turn.order(.openContactor(connectorId: connectorId)) }
        case .driver(.contactorFeedback(_, let closed)): contactor.feedbackRead(closed: closed, &turn)
        case .driver(.phaseFeedback(_, let closed)): guards.phases?.feedbackRead(closed: closed, at: turn.readAt)
        case .driver(.outputVoltageRead(_, let live)): contactor.voltageRead(live: live, &turn)
        case .driver(.controllerRead(_, let reading)) where stage == .ending:
            contactor.feedbackRead(closed: reading.isClosed, &turn)
        case .driver(let fact):
            // Of an outlet out of service only the contactor matters.
            guard stage != .ending else { return }
            sense(fact, &turn)
        case .permitRequested(let id, let request): if obey(request, id, &turn) { grantor = id }
        case .lockRequested(let id): cable.requestLock(id, situation(at: turn.uptime), &turn)
        case .unlockRequested(let id): cable.requestUnlock(id, situation(at: turn.uptime), &turn)
        case .indicateRequested(let id, let signal):
            turn.order(.indicate(connectorId: connectorId, signal))
            turn.reply(id, .done)
        case .clearFaultRequested(let id, let code): clearFault(id, code, &turn)
        case .testRequested(let id, let request): requestTest(id, request, &turn)
        case .memoryStored(let memory): contactor.stored(memory)
        case .terminationRequested:
            stage = .ending
            contactor.end(at: turn.uptime)
            turn.log(LogRecord(.notice, "connector is taken out of service", connectorField))
        }
        decide(&turn)
        let state = state(bootId: bootId, at: turn.uptime)
        if let grantor { turn.reply(grantor, .permit(Permit.Reply(connector: state))) }
        publication.tell(state, faults, readingAt: meter.publishedAt, &turn)
    }

    mutating func deadlineReached(bootId: String, _ turn: inout Turn) {
        contactor.deadlineReached(&turn)
        if stage != .ending {
            endLease(&turn)
            if let trip = guards.overCurrent.deadlineReached(at: turn.uptime) {
                faults.raise(.overCurrent, .overCurrentFailure, trip.detail, latch: .untilUnplugged)
                faults.end(.overCurrent)
            }
            if let due = pilotSilence { pilot.judgeSilence(due: due, at: turn.uptime) }
            if let due = proximitySilence { proximity.judgeSilence(due: due, at: turn.uptime) }
            guards.deadlineReached(&turn)
            cable.deadlineReached(isSafelyOpen: contactor.openSince != nil, &turn)
            meter.deadlineReached(&turn)
        }
        decide(&turn)
        publication.tell(state(bootId: bootId, at: turn.uptime), faults, readingAt: meter.publishedAt, &turn)
    }

    var connectorField: LogRecord.Field { LogRecord.Field("connectorId", connectorId) }
}

// MARK: - Requests

extension OutletMachine {
    /// - Returns: Whether the request was obeyed; refused is answered here.
    private mutating func obey(_ request: Permit, _ id: RequestID, _ turn: inout Turn) -> Bool {
        if stage == .ending, request.granted {
            turn.refuse(id, BusError(.refused, "hardware-io is ending"))
            return false
        }
        if let objection = lease.objection(to: request, at: turn.moment) ?? phaseObjection(to: request) {
            turn.refuse(id, objection)
            return false
        }
        if let change = lease.request(request) { leaseChanged(change, &turn) }
        return true
    }

    private mutating func endLease(_ turn: inout Turn) {
        if let change = lease.end(at: turn.uptime) { leaseChanged(change, &turn) }
    }

    private mutating func leaseChanged(_ change: LeaseMachine.Change, _ turn: inout Turn) {
        switch change {
        case .granted:
            cable.beginAnew()
            log("permit granted", .notice, &turn)
            meter.wantReading(&turn)
        case .renewed: log("permit renewed", .debug, &turn)
        case .withdrawn:
            log("permit withdrawn", .notice, &turn)
            meter.wantReading(&turn)
        case .graceBegan: log("permit not renewed, charging goes on for its grace period", .warning, &turn)
        case .lost:
            log("permit not renewed in time, it is void", .error, &turn)
            meter.wantReading(&turn)
        }
    }

    private func log(_ message: String, _ level: LogRecord.Level, _ turn: inout Turn) {
        var record = LogRecord(level, message, connectorField)
        record.fields += lease.fields
        turn.log(record)
    }

    /// Whoever clears a fault may still stand at the charger: nothing closes in the same call, but only after a rest.
    private mutating func clearFault(_ id: RequestID, _ code: HardwareFaultCode, _ turn: inout Turn) {
        guard HardwareFaultCode.known.contains(code) || faults.codes.contains(code) else {
            turn.refuse(id, BusError(.invalid, "\(code) is no fault that is known here"))
            return
        }
        contactor.rest(at: turn.uptime)
        faults.clear(code)
        if code == .powerSwitchFailure {
            contactor.clearFailure(at: turn.uptime)
            guards.phases?.clearFailure()
        }
        if code == .powerMeterFailure, faults.codes.contains(code), meter.acceptRegister(&turn) {
            turn.log(LogRecord(.warning, "the register of the meter begins anew", connectorField))
            lease.outdate()
        }
        followFaults()
        guard faults.codes.contains(code) else {
            turn.reply(id, .done)
            return
        }
        turn.refuse(id, BusError(.refused, "\(code) is still there: \(faults.detail(of: code))"))
    }
}

// MARK: - Decisions

extension OutletMachine {
    private mutating func decide(_ turn: inout Turn) {
        followFaults()
        followPhases(&turn)
        if !decideTest(&turn) { decideContactor(situation(at: turn.uptime), &turn) }
        // Whether something runs decides what may be offered, and what may be unlocked.
        let situation = situation(at: turn.uptime)
        if stage == .ending {
            offer.end(&turn)
        } else {
            // A controller closes when it is offered something, whether or not the rest is there.
            let mayOffer = !configuration.isControlled || contactor.isLeft
            let milliamps = guards.test.wantsMilliamps ?? (mayOffer ? situation.offerableMilliamps : 0)
            offer.offer(milliamps: milliamps, &turn)
        }
        let quietSince = quietSince(at: turn.uptime)
        guards.phases?.isQuiet(since: quietSince)
        pilot.signalIs(offer.signal, at: turn.uptime)
        if pilot.state == .a { proximity.vehicleIsAbsent() }
        cable.decide(situation, test: guards.test.wantsLock, &turn)
        guards.indicator.show(guards.test.look ?? situation.look, &turn)
        if contactor.openSince != nil || !contactor.mayCarry { guards.overCurrent.contactorOpened() }
        guard stage != .ending else { return }
        // A controller that may close may have done so already when it says that the EV asks.
        let isCalledFor = contactor.isLeft && pilot.allowsEnergy
        meter.contactorIs(openSince: contactor.openSince, isCalledFor: isCalledFor, &turn)
    }

    /// What a controller may is decided; when it closes and opens meanwhile, and that the EV gets time to end its draw, is its own affair.
    private mutating func decideController(_ situation: Situation, _ turn: inout Turn) {
        if contactor.isLeft {
            if situation.mustForbid { contactor.open(&turn) }
        } else if situation.mayLeave {
            contactor.close(&turn)
        }
    }

    private mutating func decideContactor(_ situation: Situation, _ turn: inout Turn) {
        if configuration.isControlled { return decideController(situation, &turn) }
        guard contactor.isOrderedClosed else {
            if case .stopping = stage { stage = .serving }
            if situation.mayClose {
                contactor.close(&turn)
                if contactor.isOrderedClosed { guards.residualCurrent?.closed() }
            } else if situation.wantsResidualCurrentTest {
                guards.residualCurrent?.want(&turn)
            }
            return
        }
        if situation.mustOpenAtOnce {
            contactor.open(&turn)
        } else if situation.offerableMilliamps > 0 {
            stage = .serving
        } else {
            if stage == .serving { stage = .stopping(since: turn.uptime) }
            if let deadline = stoppingDeadline, deadline <= turn.uptime { contactor.open(&turn) }
        }
    }

    /// Each owner says what is wrong with it; the ledger says what that means together.
    private mutating func followFaults() {
        faults.follow(.contactor, .powerSwitchFailure, contactor.failure)
        // A controller that says nothing is a device that is lost, and no relay that failed.
        faults.follow(
            .mirror,
            configuration.isControlled ? .internalError : .powerSwitchFailure,
            contactor.silence
        )
        faults.follow(.outputVoltage, .internalError, contactor.voltageSilence)
        faults.follow(.phases, .powerSwitchFailure, guards.phases?.failure)
        faults.follow(.phaseContact, .internalError, guards.phases?.silence)
        faults.follow(.pilot, pilot.failure?.code ?? .internalError, pilot.failure?.detail)
        if configuration.hasSocket { faults.follow(.proximity, .internalError, proximity.failure) }
        faults.follow(.lock, .connectorLockFailure, cable.failure)
        faults.follow(.meter, .powerMeterFailure, meter.failure)
        faults.follow(.residualCurrentTest, .groundFailure, guards.residualCurrent?.failure)
        faults.follow(.heat, .highTemperature, guards.temperature?.highTemperature)
        faults.follow(.temperature, .internalError, guards.temperature?.failure)
    }

    private func situation(at uptime: Duration) -> Situation {
        Situation(
            configuration: configuration,
            uptime: uptime,
            isEnding: stage == .ending,
            lease: lease,
            pilot: Situation.Pilot(pilot, at: uptime),
            plug: proximity.plug,
            isLocked: cable.isSecured,
            contactor: Situation.Contactor(contactor, at: uptime),
            meter: Situation.Meter(meter, at: uptime),
            guards: Situation.Guards(guards, at: uptime),
            faults: faults
        )
    }

    private func state(bootId: String, at uptime: Duration) -> ConnectorState {
        situation(at: uptime).connectorState(
            bootId: bootId,
            lock: cable.position,
            offeredMilliamps: offer.offeredMilliamps
        )
    }

    private var pilotSilence: Duration? {
        pilot.silenceDeadline(contactorIsClosed: contactor.isOrderedClosed, since: contactor.closedAt)
    }

    private var proximitySilence: Duration? {
        guard configuration.hasSocket else { return nil }
        return proximity.silenceDeadline(contactorIsClosed: contactor.isOrderedClosed, since: contactor.closedAt)
    }

    /// When to open the contactor under load.
    private var stoppingDeadline: Duration? {
        guard case .stopping(let since) = stage else { return nil }
        return since + (cable.isAwaited ? Self.stoppingLimitForUnlock : Self.stoppingLimit)
    }

    private var meterGrace: Duration? {
        contactor.isOrderedClosed ? meter.lostSince.map { $0 + configuration.meterLossGrace } : nil
    }

    var permit: PermitInForce? { lease.inForce }

    var faultCodes: [HardwareFaultCode] { faults.codes }
}
