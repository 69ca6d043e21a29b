import BusSchema

/// Reads a state of the control pilot from its positive half-wave (IEC 61851-1 table A.2, measured at the charger).
///
/// Each state has its accepted band; in the gaps of 1 V between A, B, C and D the state before decides, so that a voltage
/// on the edge does not flicker. What no state explains is read as E with a fault: energy must not flow on a guess.
enum PilotVoltage {
    enum Reading: Equatable {
        case state(PilotState)
        /// No state has this voltage.
        case outOfRange
    }

    /// The state at `millivolts` of the positive half-wave, which is negative when the pilot is steady at -12 V.
    static func read(_ millivolts: Int, after previous: PilotState?) -> Reading {
        switch millivolts {
        case 13_001...: .outOfRange
        case 11_000...13_000: .state(.a)
        case 10_001..<11_000: .state(previous == .a ? .a : .b)
        case 8000...10_000: .state(.b)
        case 7001..<8000: .state(previous == .a || previous == .b ? .b : .c)
        case 5000...7000: .state(.c)
        case 4001..<5000: .state(previous == .a || previous == .b || previous == .c ? .c : .d)
        case 2000...4000: .state(.d)
        case -1000..<2000: .state(.e)
        case -13_000...(-11_000): .state(.f)
        default: .outOfRange
        }
    }

    /// What the negative half-wave shows. It must reach -12 V while PWM is on, whatever the EV does to the positive one; a diode that
    /// is missing or shorted lets the EV's resistors pull it up.
    enum NegativeHalfWave: Equatable {
        /// No state has this.
        case belowRange
        /// -13…-11 V: the diode is there.
        case full
        /// -11…-10 V: neither proof nor fault.
        case almostFull
        /// -10…-1 V: the diode is missing or shorted.
        case clipped
        /// Above -1 V: there is none, the pilot is steady.
        case absent
    }

    static func negativeHalfWave(_ millivolts: Int) -> NegativeHalfWave {
        switch millivolts {
        case ..<(-13_000): .belowRange
        case -13_000...(-11_000): .full
        case -10_999...(-10_000): .almostFull
        case -9999...(-1001): .clipped
        default: .absent
        }
    }
}
