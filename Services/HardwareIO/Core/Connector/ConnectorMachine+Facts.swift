import BusSchema
import Primitives

// What devices report, and what the small machines make of it.
extension ConnectorMachine {
    mutating func take(_ fact: DriverEvent, at moment: Moment, into outcome: inout Outcome) {
        switch fact {
        case .pilotRead(_, let high, let low):
            faults.end(.pilotSilence)
            let event = PilotMachine.Event.voltagesRead(highMillivolts: high, lowMillivolts: low)
            absorb(pilot.handle(event, at: moment), into: &outcome)
        case .lockFeedback(_, let locked):
            takeLockFeedback(locked: locked, at: moment, into: &outcome)
        case .proximityRead(_, let ohms):
            takeProximity(ohms: ohms, at: moment, into: &outcome)
        case .meterRead(_, let sample):
            absorb(meter.handle(.sampleRead(sample), at: moment), at: moment, into: &outcome)
        case .meterFailed(_, let reason):
            absorb(meter.handle(.readFailed(reason), at: moment), at: moment, into: &outcome)
        case .faultReported(_, let code, let present, let detail):
            if present {
                // A residual current stays a danger until the EV is gone (IEC 62955).
                faults.raise(.board(code), code, detail, latch: code == .groundFailure ? .untilUnplugged : .none)
            } else {
                faults.end(.board(code))
                if pilot.pilot == .a { faults.vehicleLeft() }
            }
        case .deviceLost(let device, let reason):
            lose(device, reason, at: moment, into: &outcome)
        case .deviceRecovered(let device):
            recover(device, at: moment, into: &outcome)
        case .contactorFeedback, .cardRead, .cardGone:
            break  // Taken before, and by readers.
        }
    }

    mutating func watchPilotSilence(at moment: Moment) {
        guard let deadline = pilotSilenceDeadline, deadline <= moment.uptime else { return }
        _ = pilot.handle(.sensorLost, at: moment)
        let seconds = Self.pilotSilenceLimit.wholeSeconds
        faults.raise(.pilotSilence, .internalError, "control pilot was not read for \(seconds) s")
    }

    mutating func absorb(_ effects: [PilotMachine.Effect], into outcome: inout Outcome) {
        for effect in effects {
            switch effect {
            case .changed(let state):
                outcome.log(LogRecord(.notice, "control pilot changed", connectorField, .init("pilot", state)))
                if state == .a {
                    faults.vehicleLeft()
                    released = false
                }
            case .faulted(let detail): faults.raise(.pilot, .evCommunicationError, detail)
            case .recovered: faults.end(.pilot)
            }
        }
    }

    mutating func absorb(_ effects: [ContactorMachine.Effect], at moment: Moment, into outcome: inout Outcome) {
        for effect in effects {
            switch effect {
            case .close: outcome.command(.closeContactor(connectorId: configuration.connectorId))
            case .open: outcome.command(.openContactor(connectorId: configuration.connectorId))
            case .failed(let detail): faults.raise(.contactor, .powerSwitchFailure, detail)
            case .recovered: faults.end(.contactor)
            }
        }
    }

    mutating func absorb(_ effects: [LockMachine.Effect], into outcome: inout Outcome) {
        for effect in effects {
            switch effect {
            case .lock: outcome.command(.lock(connectorId: configuration.connectorId))
            case .unlock: outcome.command(.unlock(connectorId: configuration.connectorId))
            case .failed(let detail): faults.raise(.lock, .connectorLockFailure, detail)
            case .recovered: faults.end(.lock)
            }
        }
    }

    mutating func absorb(_ effects: [PermitMachine.Effect], at moment: Moment, into outcome: inout Outcome) {
        for effect in effects {
            switch effect {
            case .granted:
                released = false
                log("permit granted", at: .notice, into: &outcome)
                wantReading(at: moment, into: &outcome)
            case .renewed: log("permit renewed", at: .debug, into: &outcome)
            case .withdrawn:
                log("permit withdrawn", at: .notice, into: &outcome)
                wantReading(at: moment, into: &outcome)
            case .graceBegan:
                log("permit not renewed, charging goes on for its grace period", at: .warning, into: &outcome)
            case .lost:
                log("permit not renewed in time, it is void", at: .error, into: &outcome)
                wantReading(at: moment, into: &outcome)
            }
        }
    }

    mutating func absorb(_ effects: [OfferMachine.Effect], into outcome: inout Outcome) {
        for case .setPilot(let signal) in effects {
            outcome.command(.setPilot(connectorId: configuration.connectorId, signal))
        }
    }

    mutating func absorb(_ effects: [OverCurrentMachine.Effect], into outcome: inout Outcome) {
        for case .tripped(let milliamps, let offered) in effects {
            let detail = "EV drew \(amperes(milliamps)) where \(amperes(offered)) were offered"
            faults.raise(.overCurrent, .overCurrentFailure, detail, latch: .untilUnplugged)
            faults.end(.overCurrent)
        }
    }

    mutating func absorb(_ effects: [MeterMachine.Effect], at moment: Moment, into outcome: inout Outcome) {
        for effect in effects {
            switch effect {
            case .read: outcome.command(.readMeter(connectorId: configuration.connectorId))
            case .publish(let reading):
                outcome.publish(reading)
                publishedAt = moment.uptime
                guard reading.valid, contactor.isOrderedClosed, let highest = reading.currentMilliamps.max() else {
                    break
                }
                let event = OverCurrentMachine.Event.currentRead(
                    milliamps: highest,
                    offeredMilliamps: offer.offeredMilliamps
                )
                absorb(overCurrent.handle(event, at: moment), into: &outcome)
            case .failed(let detail): faults.raise(.meter, .powerMeterFailure, detail)
            case .recovered: faults.end(.meter)
            case .noted(let text): outcome.log(LogRecord(.warning, text, connectorField))
            }
        }
    }

    private mutating func takeLockFeedback(locked: Bool, at moment: Moment, into outcome: inout Outcome) {
        guard var machine = lock else { return }
        let wasUnknown = !machine.isKnown
        let effects = machine.handle(.feedbackRead(locked: locked), at: moment)
        lock = machine
        // After a start the cable stays as it is: a session of before may go on.
        if wasUnknown, locked, !released { lockWanted = true }
        absorb(effects, into: &outcome)
    }

    private mutating func takeProximity(ohms: Int?, at moment: Moment, into outcome: inout Outcome) {
        for case .changed in proximity.handle(.resistorRead(ohms: ohms), at: moment) {
            if proximity.plug == .absent { released = false }
            outcome.log(
                LogRecord(.info, "plug in the socket changed", connectorField, .init("plug", "\(proximity.plug)"))
            )
        }
    }

    private mutating func lose(_ device: Device, _ reason: String, at moment: Moment, into outcome: inout Outcome) {
        let detail = "\(device) lost: \(reason)"
        switch device {
        case .pilot:
            faults.raise(.lost(device), .internalError, detail)
            absorb(pilot.handle(.sensorLost, at: moment), into: &outcome)
        case .contactor:
            faults.raise(.lost(device), .internalError, detail)
            absorb(contactor.handle(.deviceLost, at: moment), at: moment, into: &outcome)
        case .meter: absorb(meter.handle(.readFailed(detail), at: moment), at: moment, into: &outcome)
        case .lock:
            faults.raise(.lost(device), .connectorLockFailure, detail)
            _ = lock?.handle(.deviceLost, at: moment)
        case .reader: break
        }
    }

    private mutating func recover(_ device: Device, at moment: Moment, into outcome: inout Outcome) {
        faults.end(.lost(device))
        switch device {
        case .pilot: absorb(offer.handle(.signalLost, at: moment), into: &outcome)
        case .contactor:
            // The safe order first; where it is, it says next.
            absorb(contactor.handle(.deviceLost, at: moment), at: moment, into: &outcome)
        case .meter: wantReading(at: moment, into: &outcome)
        case .lock, .reader: break
        }
    }

    mutating func wantReading(at moment: Moment, into outcome: inout Outcome) {
        absorb(meter.handle(.readingWanted, at: moment), at: moment, into: &outcome)
    }

    private func log(_ message: String, at level: LogRecord.Level, into outcome: inout Outcome) {
        var record = LogRecord(level, message, connectorField)
        if let permit = permit.inForce {
            record.fields.append(.init("limitMilliamps", permit.limitMilliamps))
            record.fields.append(.init("validUntilUptime", permit.validUntilUptime))
            record.fields.append(.init("transaction", permit.transaction))
        }
        outcome.log(record)
    }
}

/// Milliamperes for people, in amperes with one digit.
func amperes(_ milliamps: Int) -> String { "\(milliamps / 1000).\(abs(milliamps) % 1000 / 100) A" }
