import BusSchema
import Primitives

/// Everything that decides about energy on one outlet, at one moment; and what follows from it. A value without memory: who wants to
/// know why a contactor is open reads this file.
struct Situation {
    let configuration: ConnectorConfiguration
    let uptime: Duration
    let isEnding: Bool
    let lease: LeaseMachine

    let pilot: PilotState?
    /// The pilot is in C, or in D where that may charge, without a fault.
    let pilotAllowsEnergy: Bool
    /// The same, freshly read, and the EV's diode was seen.
    let pilotAllowsClosing: Bool
    let waitsForDiode: Bool

    let plug: ProximitySensor.Plug
    /// The lock holds the cable, or there is none that could.
    let isLocked: Bool

    let contactor: ContactorState
    let isOrderedClosed: Bool
    let isClosing: Bool
    /// No current can flow, for sure.
    let isSafelyOpen: Bool
    /// Why the contactor must not close now; nil when it may.
    let contactorRests: String?

    let meterIsTrusted: Bool
    let meterLostSince: Duration?

    /// Present faults, worst first, with their details.
    let faults: FaultLedger

    var isPlugged: Bool { pilot?.isPlugged == true }

    /// Whether the cable is one, and secured as this outlet can secure it.
    var cableIsSecured: Bool { !configuration.hasSocket || (plug.isCable && isLocked) }

    /// The highest current that cable and installation carry, mA.
    var ratedMilliamps: Int {
        guard configuration.hasSocket, case .cable(let rated) = plug else { return configuration.ratedMilliamps }
        return min(rated, configuration.ratedMilliamps)
    }

    /// When a lost meter ends charging; nil while it is not lost, or nobody charges.
    var meterGraceEndsAt: Duration? {
        guard isOrderedClosed, let meterLostSince else { return nil }
        return meterLostSince + configuration.meterLossGrace
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
        guard !isEnding, let permit = lease.inForce, isPlugged, blockingFaults.isEmpty,
            // A grace period carries a running charge on and begins nothing.
            lease.isValid || isOrderedClosed,
            !configuration.hasSocket || plug.isCable
        else { return 0 }
        let milliamps = min(permit.limitMilliamps, ratedMilliamps)
        return milliamps < PilotDuty.lowestMilliamps ? 0 : milliamps
    }

    /// Whether everything agrees that the contactor closes.
    var mayClose: Bool {
        offerableMilliamps > 0 && lease.isValid && pilotAllowsClosing && cableIsSecured && meterIsTrusted
            && contactorRests == nil
    }

    /// Whether the contactor opens now, without giving the EV the time to end its draw.
    var mustOpenAtOnce: Bool {
        isEnding || !pilotAllowsEnergy || !cableIsSecured || lease.wasLost || !blockingFaults.isEmpty
            // An order to close that is not carried out yet is taken back: nothing flows that would have to end.
            || (isClosing && offerableMilliamps == 0)
    }

    /// What others are told.
    func connectorState(
        bootId: String,
        lock: LockState,
        offeredMilliamps: Int,
        openSince: Duration?
    ) -> ConnectorState {
        ConnectorState(
            connectorId: configuration.connectorId,
            bootId: bootId,
            pilot: pilot,
            contactor: contactor,
            lock: lock,
            permit: lease.inForce,
            offeredMilliamps: offeredMilliamps,
            ratedMilliamps: ratedMilliamps,
            phases: configuration.phases,
            fixedCable: !configuration.hasSocket,
            faults: faults.codes,
            notChargingBecause: notChargingBecause(offeredMilliamps: offeredMilliamps),
            openSinceUptime: openSince?.wholeMilliseconds
        )
    }

    /// One sentence, without its full stop; nil while energy flows, or nobody wants it.
    func notChargingBecause(offeredMilliamps: Int) -> String? {
        guard contactor != .closed, let pilot, pilot.isPlugged else { return nil }
        // Without an offer an EV cannot ask: whether it wants energy shows in the permit that waits for it.
        guard pilot.asksForEnergy || (lease.isValid && offeredMilliamps == 0) else { return nil }
        if isEnding { return "hardware-io is ending" }
        if let fault = blockingFaults.first { return "\(fault): \(faults.detail(of: fault))" }
        if pilot == .d, !configuration.ventilated {
            return "the EV asks for ventilation, which this place does not have"
        }
        return permitObjection ?? closingObjection
    }

    private var permitObjection: String? {
        guard let permit = lease.inForce else {
            return lease.wasLost ? "the permit was not renewed in time" : "there is no permit"
        }
        if configuration.hasSocket, !plug.isCable { return "there is no valid cable in the socket" }
        if permit.limitMilliamps < PilotDuty.lowestMilliamps {
            let lowest = amperes(PilotDuty.lowestMilliamps)
            return "the limit of \(amperes(permit.limitMilliamps)) is below the \(lowest) that can be offered"
        }
        return lease.isValid ? nil : "the permit was not renewed in time"
    }

    private var closingObjection: String? {
        if !cableIsSecured { return "the cable is not locked" }
        if contactor == .closing { return "the contactor is closing" }
        if let contactorRests { return contactorRests }
        if !meterIsTrusted { return "the meter has not been read" }
        if waitsForDiode { return "the diode of the EV has not been seen yet" }
        return pilotAllowsEnergy && !pilotAllowsClosing ? "the control pilot has not been read lately" : nil
    }
}
