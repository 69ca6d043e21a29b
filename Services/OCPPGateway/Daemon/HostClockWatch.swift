import EventLoop
import GatewayCore
import Primitives

/// Looks whether somebody keeps the host's clock in step, until it is so: on a board without a battery-backed clock NTP sets it after the
/// start, and what happened before is told with the right time from then on, also over a power cut.
final class HostClockWatch {
    private static let interval = Duration.seconds(10)
    private var next: Duration? = .zero

    var nextDeadline: Deadline? { Deadline(at: next, for: "the host's clock is looked at") }

    /// To be called when the deadline is reached; true at most once.
    func isTrusted(at now: Moment) -> Bool {
        guard let due = next, due <= now.uptime else { return false }
        // The battery-backed clock was looked at when the program started; whoever sets the clock from it later keeps it in step, too.
        let clock = HostClock(isSynchronised: EventLoop.wallClockIsSynchronised(), realTimeClock: nil)
        let isTrusted = clock.isTrusted(at: now.utc)
        next = isTrusted ? nil : now.uptime + Self.interval
        return isTrusted
    }
}
