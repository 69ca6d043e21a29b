import BusSchema
import Primitives

/// Turns voltages into a state of the control pilot. A change counts after two equal readings in a row.
struct PilotMachine: Machine {
    enum Event: Equatable {
        case voltagesRead(highMillivolts: Int, lowMillivolts: Int)
        /// The sensor is gone: nothing is known until it reads again.
        case sensorLost
    }

    enum Effect: Equatable {
        case changed(PilotState)
        case faulted(String)
        case recovered
    }

    private enum State: Equatable {
        /// Nothing read yet, or one reading only.
        case unknown
        case known(PilotState)
    }

    /// What one reading says.
    private struct Interpretation: Equatable {
        var state: PilotState
        var fault: String?
    }

    private var state = State.unknown
    /// The reading that waits for its confirmation.
    private var candidate: Interpretation?
    private var fault: String?
    /// The diode fault stays until the EV is gone (IEC 61851-1 A.4): the next plug is a new car.
    private var diodeFaultSeen = false
    private(set) var lastReadAt: Duration?

    /// Nil until it was read.
    var pilot: PilotState? {
        switch state {
        case .unknown: nil
        case .known(let pilot): pilot
        }
    }

    var nextDeadline: Deadline? { nil }

    mutating func deadlineReached(at moment: Moment) -> [Effect] { [] }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .voltagesRead(let high, let low):
            lastReadAt = moment.uptime
            return read(interpret(high: high, low: low))
        case .sensorLost:
            state = .unknown
            candidate = nil
            return []
        }
    }

    private func interpret(high: Int, low: Int) -> Interpretation {
        switch PilotVoltage.read(high, after: pilot) {
        case .outOfRange:
            return Interpretation(state: .e, fault: "control pilot at \(high) mV, which is no state")
        case .state(.e):
            return Interpretation(state: .e, fault: "control pilot shorted to protective earth")
        case .state(.f):
            return Interpretation(state: .f, fault: "control pilot at -12 V")
        case .state(let state):
            if low < -13_000 {
                return Interpretation(state: .e, fault: "negative half-wave of the control pilot at \(low) mV")
            }
            let faulty = PilotVoltage.showsDiodeFault(lowMillivolts: low, in: state)
            return Interpretation(state: state, fault: faulty ? "diode of the EV missing or shorted" : nil)
        }
    }

    private mutating func read(_ reading: Interpretation) -> [Effect] {
        guard reading == candidate else {
            candidate = reading
            return []
        }
        var effects: [Effect] = []
        if state != .known(reading.state) {
            state = .known(reading.state)
            effects.append(.changed(reading.state))
        }
        if reading.state.isPlugged {
            if reading.fault != nil { diodeFaultSeen = true }
        } else if reading.state == .a {
            diodeFaultSeen = false
        }
        let present = reading.fault ?? (diodeFaultSeen ? "diode of the EV missing or shorted" : nil)
        if present != fault {
            fault = present
            effects.append(present.map(Effect.faulted) ?? .recovered)
        }
        return effects
    }
}
