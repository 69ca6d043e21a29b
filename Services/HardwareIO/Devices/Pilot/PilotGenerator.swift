public import HardwareCore
import Primitives

/// What is written to a PWM of the kernel (`/sys/class/pwm/pwmchipN/pwmM`) so that it makes the control pilot of 1 kHz.
public struct PilotGenerator: Equatable, Sendable {
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

    /// The board turns the output of the PWM around: the pilot is at +12 V while that is low.
    private let isInverted: Bool

    public init(isInverted: Bool = false) { self.isInverted = isInverted }

    /// How a PWM was found.
    public struct Present: Equatable, Sendable {
        /// 0 where it was never set up.
        public var periodNanoseconds: Int
        public var dutyNanoseconds: Int
        public var isOn: Bool

        public init(periodNanoseconds: Int, dutyNanoseconds: Int, isOn: Bool) {
            self.periodNanoseconds = periodNanoseconds
            self.dutyNanoseconds = dutyNanoseconds
            self.isOn = isOn
        }
    }

    /// After a start, when it may still run from before: ended, set up, begun again steady at +12 V. The kernel refuses a period below the duty, and
    /// everything while there is no period or one that the chip cannot make, so that nothing is written before the period that need not be; the
    /// polarity changes only while it is off. What the board turns around is turned in the duty, because few chips know another polarity.
    /// - Parameters:
    ///   - present: How it was found.
    ///   - signal: What it carries from its first period on.
    /// - Returns: What is to be written, in this order.
    public func start(from present: Present, with signal: PilotSignal = .x1) -> [Write] {
        (present.isOn ? [Write("enable", "0")] : [])
            + (present.dutyNanoseconds > Self.periodNanoseconds ? [Write("duty_cycle", "0")] : [])
            + [Write("period", String(Self.periodNanoseconds)), Write("polarity", "normal")]
            + writes(for: signal) + [Write("enable", "1")]
    }

    /// Once it runs.
    public func writes(for signal: PilotSignal) -> [Write] {
        switch signal {
        case .x1: [duty(1000)]
        case .f: [duty(0)]
        case .pwm(let permille): [duty(permille.clamped(to: 0...1000))]
        }
    }

    private func duty(_ permille: Int) -> Write {
        let high = isInverted ? 1000 - permille : permille
        return Write("duty_cycle", String(high * (Self.periodNanoseconds / 1000)))
    }
}
