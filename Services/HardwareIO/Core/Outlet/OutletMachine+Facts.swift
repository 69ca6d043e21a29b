import BusSchema
import Primitives

// What drivers report, led to its owners.
extension OutletMachine {
    mutating func sense(_ fact: DriverEvent, _ turn: inout Turn) {
        switch fact {
        case .pilotRead(_, let high, let low):
            for change in pilot.read(highMillivolts: high, lowMillivolts: low, at: turn.readAt) {
                pilotChanged(change, &turn)
            }
            guards.test.pilotRead(highMillivolts: high, lowMillivolts: low, &turn)
            pilot.keepVehicle(of: connectorId, &turn)
        case .controllerRead(_, let reading): controllerRead(reading, &turn)
        case .residualCurrentTested(_, let passed): guards.residualCurrent?.tested(passed: passed, at: turn.uptime)
        case .temperatureRead(_, let decidegrees):
            guards.temperature?.read(decidegrees: decidegrees, at: turn.readAt)
        case .lockFeedback(_, let locked): cable.lockRead(locked: locked, &turn)
        case .proximityRead(_, let ohms):
            guard configuration.hasSocket, proximity.read(ohms: ohms, at: turn.readAt) else { break }
            if proximity.plug == .absent { cable.beginAnew() }
            turn.log(LogRecord(.info, "plug in the socket changed", connectorField, .init("plug", "\(proximity.plug)")))
        case .meterRead(_, let sample): meterRead(sample, &turn)
        case .meterFailed(_, let reason):
            meter.readFailed(reason, &turn)
            guards.test.meterFailed(reason, &turn)
        case .faultReported(_, .groundFailure, true, _) where guards.residualCurrent?.isTesting == true:
            break  // Provoked. A device that stays tripped fails its test.
        case .faultReported(_, let code, true, let detail):
            faults.raise(.board(code), code, detail, latch: latches(code) ? .untilUnplugged : .none)
        case .faultReported(_, let code, false, _):
            // It was latched for an EV; without one, nobody would come to unplug it.
            if faults.end(.board(code)), pilot.state == .a { faults.vehicleLeft() }
        case .deviceLost(let device, let reason): lose(device, reason, &turn)
        case .deviceRecovered(let device): recover(device, &turn)
        case .contactorFeedback, .phaseFeedback, .outputVoltageRead, .cardRead, .cardGone, .healthReported:
            break  // Handled before, and by readers.
        }
    }

    /// A controller that knows no state has none that would allow anything.
    private mutating func controllerRead(_ reading: ControllerReading, _ turn: inout Turn) {
        guard configuration.isControlled else { return }
        contactor.feedbackRead(closed: reading.isClosed, &turn)
        guard let state = reading.pilot else { return }
        for change in pilot.stateRead(state, at: turn.readAt) { pilotChanged(change, &turn) }
        pilot.keepVehicle(of: connectorId, &turn)
    }

    /// IEC 62955: a residual current stays a danger until the EV is gone. What a controller finds wrong with its own contactor, or with the
    /// current, it would try again and again under the same permit.
    private func latches(_ code: HardwareFaultCode) -> Bool {
        code == .groundFailure
            || configuration.isControlled && (code == .powerSwitchFailure || code == .overCurrentFailure)
    }

    private mutating func pilotChanged(_ change: PilotSensor.Change, _ turn: inout Turn) {
        switch change {
        case .state(let state):
            turn.log(LogRecord(.notice, "control pilot changed", connectorField, .init("pilot", state)))
            if state == .a {
                cable.beginAnew()
                faults.noVehicle()
            }
        case .vehicleLeft:
            faults.vehicleLeft()
            guard lease.vehicleLeft() else { break }
            turn.log(LogRecord(.notice, "the EV left: its permit is void", connectorField))
            meter.wantReading(&turn)
        case .vehicleFound:
            guard lease.vehicleLeft() else { break }
            let reason = "nobody saw for too long whether the EV is still the same: the permit is void"
            turn.log(LogRecord(.notice, reason, connectorField))
            meter.wantReading(&turn)
        }
    }

    /// Over-current and current through an open contactor are seen before anybody asks whether the sample is plausible.
    private mutating func meterRead(_ sample: MeterSample, _ turn: inout Turn) {
        let askedAt = meter.sampleRead(sample, &turn)
        guards.test.meterRead(sample, &turn)
        let highest = sample.currentMilliamps.map(\.magnitude).max() ?? 0
        let milliamps = Int(clamping: min(highest, UInt(Self.highestMilliamps)))
        if let askedAt {
            contactor.currentMeasured(milliamps: milliamps, askedAt: askedAt, &turn)
            // L1 always leads to it. What else has voltage says nothing of it where it is not connected.
            let connected = guards.phases.map { $0.connected?.rawValue ?? 1 } ?? configuration.phases
            let hasMains = sample.voltageMillivolts.prefix(connected).contains { $0 >= Self.leastMainsMillivolts }
            if hasMains { contactor.mainsMeasured(askedAt: askedAt, &turn) }
            // What flows through an open one is its own failure, or of before it opened.
            let isClosed = contactor.isOrderedClosed && askedAt >= contactor.closedAt
            guards.phases?.currentsMeasured(milliamps: isClosed ? sample.currentMilliamps : [])
        }
        if contactor.isInDoubt || guards.phases?.isInDoubt == true { meter.lookAgain(&turn) }
        guard contactor.mayCarry else { return }
        guards.overCurrent.measured(milliamps: milliamps, offeredMilliamps: offer.offeredMilliamps, at: turn.uptime)
    }

    private mutating func lose(_ device: Device, _ reason: String, _ turn: inout Turn) {
        let detail = "\(device) lost: \(reason)"
        switch device {
        case .pilot, .proximity, .contactor, .phaseContactor, .outputVoltage, .residualCurrent, .emergencyStop,
            .temperature, .controller:
            // What watches over people or metal and says nothing any more, forbids.
            faults.raise(.lost(device), .internalError, detail)
        case .lock: faults.raise(.lost(device), .connectorLockFailure, detail)
        case .meter, .indicator, .reader: break
        }
        switch device {
        case .pilot: pilot.forget()
        case .proximity: proximity.forget()
        case .contactor: contactor.lose(&turn)
        case .phaseContactor: guards.phases?.lose(at: turn.uptime)
        case .outputVoltage: contactor.loseVoltage(at: turn.uptime)
        case .meter: meter.readFailed(detail, &turn)
        case .lock: cable.lockLost(at: turn.uptime)
        case .controller:
            pilot.forget()
            contactor.lose(&turn)
        case .residualCurrent: guards.residualCurrent?.lose()
        case .emergencyStop, .temperature, .indicator, .reader: break
        }
    }

    private mutating func recover(_ device: Device, _ turn: inout Turn) {
        faults.end(.lost(device))
        switch device {
        case .pilot: offer.repeatSignal(&turn)
        // The safe order first; where it is, it says next.
        case .contactor:
            contactor.lose(&turn)
            turn.order(.readPosition(device))
        case .phaseContactor:
            guards.phases?.lose(at: turn.uptime)
            turn.order(.readPosition(device))
        case .outputVoltage:
            contactor.loseVoltage(at: turn.uptime)
            turn.order(.readPosition(device))
        case .meter: meter.wantReading(&turn)
        case .lock:
            cable.lockLost(at: turn.uptime)
            turn.order(.readPosition(device))
        case .controller:
            contactor.lose(&turn)
            offer.forget()
        case .indicator: guards.indicator.forget()
        case .residualCurrent: guards.residualCurrent?.recover()
        case .proximity, .emergencyStop, .temperature, .reader: break
        }
    }
}

// The phases that lead to one outlet.
extension OutletMachine {
    /// Why a permit cannot be obeyed that leaves some of the phases: they are wired through, and would all carry current.
    func phaseObjection(to request: Permit) -> BusError? {
        guard request.granted, let phases = request.phases else { return nil }
        guard (1...3).contains(phases) else {
            return BusError(.invalid, "phases is \(phases), expected 1…3")
        }
        guard phases < configuration.phases, !configuration.switchesPhases else { return nil }
        let wired = configuration.phases
        return BusError(.invalid, "connector \(connectorId) cannot leave \(phases) of its \(wired) phases")
    }

    /// The phase contactor hears what the permit allows, and whether it may move: only where the contactor is open for sure, and would close again.
    mutating func followPhases(_ turn: inout Turn) {
        guard guards.phases != nil, !isEnding else { return }
        let target = lease.inForce.map { PhaseCount(allowed: $0.phases ?? configuration.phases) }
        let quietSince = quietSince(at: turn.uptime)
        guards.phases?.follow(target: target, quietSince: quietSince, &turn)
    }

    /// Since when no current can flow and nothing is offered, so that the phase contactor may move once that has lasted; nil while it is not so.
    func quietSince(at uptime: Duration) -> Duration? {
        guard !guards.test.isRunning, contactor.objection(at: uptime) == nil, let openSince = contactor.openSince,
            let silentSince = offer.silentSince
        else { return nil }
        return max(openSince, silentSince)
    }
}

extension PhaseCount {
    /// The most that are no more than `allowed`: two are none that can be switched.
    fileprivate init(allowed: Int) { self = allowed >= 3 ? .three : .one }
}
