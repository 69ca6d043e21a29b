public import HardwareCore

/// What is written to a PWM of the kernel (`/sys/class/pwm/pwmchipN/pwmM`) so that it makes the control pilot of 1 kHz.
public enum PilotGenerator {
    /// One write: the name of the attribute and its text.
    public struct Write: Equatable, Sendable {
        public var attribute: String
        public var text: String

        init(_ attribute: String, _ text: String) {
            self.attribute = attribute
            self.text = text
        }
    }

    /// 1 kHz in nanoseconds (IEC 61851-1 table A.1).
    static let periodNanoseconds = 1_000_000

    /// After a start, when it may still run from before: ended, set up, begun again steady at +12 V. The duty is zero in between, because
    /// the kernel refuses a period below it; the polarity changes only while it is off.
    public static let start: [Write] = [
        Write("enable", "0"), Write("duty_cycle", "0"), Write("period", String(periodNanoseconds)),
        Write("polarity", "normal"),
        Write("duty_cycle", String(periodNanoseconds)), Write("enable", "1"),
    ]

    /// Once it runs.
    public static func writes(for signal: PilotSignal) -> [Write] {
        switch signal {
        case .x1: [Write("duty_cycle", String(periodNanoseconds))]
        case .f: [Write("duty_cycle", "0")]
        case .pwm(let permille): [Write("duty_cycle", String(min(max(permille, 0), 1000) * (periodNanoseconds / 1000)))]
        }
    }
}
