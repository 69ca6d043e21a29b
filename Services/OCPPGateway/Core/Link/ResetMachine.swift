import OCPP
import Primitives

/// A Reset under way (OCPP 1.6 §5.14): transactions are stopped, what they leave to say is given some time, then the program
/// starts anew. What could not be delivered is on disk and follows after the next registration.
struct ResetMachine: Equatable, Sendable {
    private enum State: Equatable {
        case idle
        /// Waiting for the last messages; → over.
        case windingUp(until: Duration)
        /// The restart was ordered; final.
        case over
    }

    private var state: State = .idle

    /// Whether nothing new may begin.
    var isUnderWay: Bool { state != .idle }

    /// When to restart whatever is undelivered.
    var nextDeadline: Deadline? {
        guard case .windingUp(let until) = state else { return nil }
        return Deadline(at: until, for: "the time for last words before the reset is over")
    }

    /// Starts it. Returns false when one is under way already.
    mutating func begin(_ type: ResetType, at moment: Moment) -> Bool {
        guard state == .idle else { return false }
        // Hard is the last resort for a charge point that does not work well: it does not wait for the central system (E §3.82).
        state = .windingUp(until: moment.uptime + (type == .soft ? .seconds(20) : .seconds(2)))
        return true
    }

    /// Whether to restart now; true once.
    mutating func isDue(everythingSaid: Bool, at moment: Moment) -> Bool {
        guard case .windingUp(let until) = state, everythingSaid || until <= moment.uptime else { return false }
        state = .over
        return true
    }
}
