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

    /// After a start, when it may still run from before: ended, set up, begun again steady at +12 V. The duty is zero in between, because
    /// the kernel refuses a period below it; the polarity changes only while it is off. What the board turns around is turned in the duty, because
    /// few chips know another polarity.
    /// - Parameter periodNanoseconds: What it has; 0 where it was never set up, and then the kernel takes nothing before a period.
    public func start(from periodNanoseconds: Int) -> [Write] {
        (periodNanoseconds > 0 ? [Write("enable", "0"), Write("duty_cycle", "0")] : [])
            + [Write("period", String(Self.periodNanoseconds)), Write("polarity", "normal")]
            + writes(for: .x1) + [Write("enable", "1")]
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
