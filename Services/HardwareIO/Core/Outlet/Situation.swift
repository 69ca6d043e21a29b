import BusSchema
import Primitives

/// Everything that decides about energy on one outlet, at one moment; and what follows from it. A value without memory: who wants to
/// know why a contactor is open reads this file.
struct Situation {
    let configuration: ConnectorConfiguration
    let uptime: Duration
    let isEnding: Bool
    let lease: LeaseMachine

    let pilot: Pilot
    let plug: ProximitySensor.Plug
    /// The lock holds the cable, or there is none that could.
    let isLocked: Bool
    let contactor: Contactor
    let meter: Meter
    let guards: Guards

    /// Present faults, worst first, with their details.
    let faults: FaultLedger

    struct Pilot {
        let state: PilotState?
        /// In C, or in D where that may charge, without a fault.
        let allowsEnergy: Bool
        /// The same, freshly read, and the EV's diode was seen.
        let allowsClosing: Bool
        let waitsForDiode: Bool
        let vehicle: VehiclePresence

        init(_ sensor: PilotSensor, at uptime: Duration) {
            state = sensor.state
            allowsEnergy = sensor.allowsEnergy
            allowsClosing = sensor.allowsClosing(at: uptime)
            waitsForDiode = sensor.waitsForDiode
            vehicle = sensor.vehicle
        }
    }

    struct Contactor {
        let position: ContactorState
        let isOrderedClosed: Bool
        let isClosing: Bool
        /// Since when it is certain that no current can flow; nil while it is not.
        let openSince: Duration?
        /// Why it must not close now; nil when it may.
        let rests: String?

        init(_ machine: ContactorMachine, at uptime: Duration) {
            position = machine.position
            isOrderedClosed = machine.isOrderedClosed
            isClosing = machine.isClosing
            openSince = machine.openSince
            rests = machine.objection(at: uptime)
        }

        /// No current can flow, for sure.
        var isSafelyOpen: Bool { openSince != nil }
    }

    struct Meter {
        let isTrusted: Bool
        /// Nil while it is not lost.
        let lostSince: Duration?

        init(_ machine: MeterMachine, at uptime: Duration) {
            isTrusted = machine.isTrusted(at: uptime)
            lostSince = machine.lostSince
        }
    }

    struct Guards {
        /// There is none to be tested, or it was tested just now.
        let isTested: Bool
        /// What heat leaves of the highest current, mA; nil where no temperature is measured.
        let temperature: TemperatureSensor?
        /// Why nothing is offered with the phases as they are; nil when it may be, and where nothing switches them.
        let phases: String?
        /// How many lead to the contactor; nil while that is not known, and where nothing switches them.
        let connectedPhases: PhaseCount?

        init(_ guards: HardwareCore.Guards, at uptime: Duration) {
            isTested = guards.residualCurrent?.isPassed(at: uptime) ?? true
            temperature = guards.temperature
            phases = guards.phases?.objection
            connectedPhases = guards.phases?.connected
        }
    }

    var isPlugged: Bool { pilot.state?.isPlugged == true }

    /// Whether the cable is one, and secured as this outlet can secure it.
    var cableIsSecured: Bool { !configuration.hasSocket || (plug.isCable && isLocked) }

    /// The highest current that cable and installation carry, mA.
    var ratedMilliamps: Int {
        guard configuration.hasSocket, case .cable(let rated) = plug else { return configuration.ratedMilliamps }
        return min(rated, configuration.ratedMilliamps)
    }

    /// When a lost meter ends charging; nil while it is not lost, or nobody charges.
    var meterGraceEndsAt: Duration? {
        guard contactor.isOrderedClosed, let lostSince = meter.lostSince else { return nil }
        return lostSince + configuration.meterLossGrace
    }

    /// The faults that forbid energy, worst first. A code that is unknown here does. A lost meter lets nothing begin, and a running charge
    /// go on for its grace.
    var blockingFaults: [HardwareFaultCode] {
        faults.codes.filter { code in
            switch code {
            case .readerFailure: false
            case .powerMeterFailure: meterGraceEndsAt.map { uptime >= $0 } ?? true
            default: true
            }
        }
    }

    /// What may be offered now, mA; 0 when nothing may.
    var offerableMilliamps: Int {
        guard !isEnding, let permit = lease.inForce, isPlugged, blockingFaults.isEmpty, guards.phases == nil,
            // A grace period carries a running charge on and begins nothing.
            lease.isValid || contactor.isOrderedClosed,
            !configuration.hasSocket || plug.isCable
        else { return 0 }
        let heated = guards.temperature?.limit(of: ratedMilliamps) ?? ratedMilliamps
        let milliamps = min(permit.limitMilliamps, ratedMilliamps, heated)
        return milliamps < PilotDuty.lowestMilliamps ? 0 : milliamps
    }

    /// Whether everything agrees that the contactor closes.
    var mayClose: Bool { isReadyToClose && guards.isTested }

    /// Whether the residual current device is to be tested now, because the rest agrees.
    var wantsResidualCurrentTest: Bool { isReadyToClose && !guards.isTested }

    private var isReadyToClose: Bool {
        offerableMilliamps > 0 && lease.isValid && pilot.allowsClosing && cableIsSecured && meter.isTrusted
            && contactor.rests == nil
    }

    /// Whether the contactor opens now, without giving the EV the time to end its draw.
    var mustOpenAtOnce: Bool {
        isEnding || !pilot.allowsEnergy || !cableIsSecured || lease.wasLost || !blockingFaults.isEmpty
            // An order to close that is not carried out yet is taken back: nothing flows that would have to end.
            || (contactor.isClosing && offerableMilliamps == 0)
    }

    /// Whether everything but the EV's wish agrees, so that a controller may close when it comes.
    var mayLeave: Bool {
        offerableMilliamps > 0 && lease.isValid && cableIsSecured && meter.isTrusted && contactor.rests == nil
    }

    /// Whether a controller is told at once that it may not any more.
    var mustForbid: Bool { offerableMilliamps == 0 || !cableIsSecured || lease.wasLost }

    /// What others are told.
    func connectorState(bootId: String, lock: LockState, offeredMilliamps: Int) -> ConnectorState {
        ConnectorState(
            connectorId: configuration.connectorId,
            bootId: bootId,
            pilot: pilot.state,
            contactor: contactor.position,
            lock: lock,
            permit: lease.inForce,
            offeredMilliamps: offeredMilliamps,
            ratedMilliamps: ratedMilliamps,
            phases: guards.connectedPhases?.rawValue ?? configuration.phases,
            fixedCable: !configuration.hasSocket,
            faults: faults.codes,
            notChargingBecause: notChargingBecause(offeredMilliamps: offeredMilliamps),
            openSinceUptime: contactor.openSince?.wholeMilliseconds,
            pluggedSinceUptime: pilot.vehicle.wasFound ? nil : pilot.vehicle.since?.wholeMilliseconds,
            vehicleFoundUptime: pilot.vehicle.wasFound ? pilot.vehicle.since?.wholeMilliseconds : nil
        )
    }

    /// One sentence, without its full stop; nil while energy flows, or nobody wants it.
    func notChargingBecause(offeredMilliamps: Int) -> String? {
        guard contactor.position != .closed, let state = pilot.state, state.isPlugged else { return nil }
        // Without an offer an EV cannot ask: whether it wants energy shows in the permit that waits for it.
        guard state.asksForEnergy || (lease.isValid && offeredMilliamps == 0) else { return nil }
        if isEnding { return "hardware-io is ending" }
        if let fault = blockingFaults.first { return "\(fault): \(faults.detail(of: fault))" }
        if state == .d, !configuration.ventilated {
            return "the EV asks for ventilation, which this place does not have"
        }
        return permitObjection ?? closingObjection
    }

    private var permitObjection: String? {
        guard let permit = lease.inForce else {
            if lease.isOutdated { return "the register of the meter began anew since the permit was given" }
            if lease.vehicleHasLeft { return "the permit was for the EV that left" }
            return lease.wasLost ? "the permit was not renewed in time" : "there is no permit"
        }
        if configuration.hasSocket, !plug.isCable { return "there is no valid cable in the socket" }
        if permit.limitMilliamps < PilotDuty.lowestMilliamps {
            let lowest = amperes(PilotDuty.lowestMilliamps)
            return "the limit of \(amperes(permit.limitMilliamps)) is below the \(lowest) that can be offered"
        }
        return lease.isValid ? guards.phases : "the permit was not renewed in time"
    }

    private var closingObjection: String? {
        if !cableIsSecured { return "the cable is not locked" }
        if contactor.position == .closing { return "the contactor is closing" }
        if let rests = contactor.rests { return rests }
        if !meter.isTrusted { return "the meter has not been read" }
        if !guards.isTested, isReadyToClose { return "the residual current device is being tested" }
        if pilot.waitsForDiode { return "the diode of the EV has not been seen yet" }
        return pilot.allowsEnergy && !pilot.allowsClosing ? "the control pilot has not been read lately" : nil
    }
}
