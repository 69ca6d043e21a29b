import BusSchema
import Primitives

/// The lock of a detachable cable: pulses, feedback, retries. Whether it should be locked is decided above.
struct LockMachine: Machine {
    enum Event: Equatable {
        case lockOrdered
        case unlockOrdered
        case feedbackRead(locked: Bool)
        /// The position is unknown until it is read again.
        case deviceLost
    }

    enum Effect: Equatable {
        case lock
        case unlock
        case failed(String)
        case recovered
    }

    /// Where it should be.
    private enum Wish: Equatable { case locked, unlocked }

    private enum State: Equatable {
        /// Position not read yet. Next: resting where it is.
        case unknown
        /// Where it should be.
        case resting(Wish)
        /// A pulse is under way. Next: resting, or pausing at `limit`.
        case moving(Wish, attempt: Int, limit: Duration)
        /// The pulse did not do it. Next: moving at `retryAt`.
        case pausing(Wish, attempt: Int, retryAt: Duration)
    }

    /// Longest pulse of known locks (600 ms), the settling of its contact (100 ms) and slack.
    static let pulseLimit = Duration.seconds(1)
    /// Pulses that may fail before it counts as a fault.
    static let attemptsBeforeFault = 3

    private var state = State.unknown
    private var faulted = false

    /// The position as the bus names it.
    var position: LockState {
        if faulted { return .failed }
        return switch state {
        case .unknown, .resting(.unlocked): .unlocked
        case .resting(.locked): .locked
        case .moving(.locked, _, _), .pausing(.locked, _, _): .locking
        case .moving(.unlocked, _, _), .pausing(.unlocked, _, _): .unlocking
        }
    }

    /// Whether its position was read.
    var isKnown: Bool { state != .unknown }
    var isSecured: Bool { state == .resting(.locked) }
    var isReleased: Bool { state == .resting(.unlocked) }

    var nextDeadline: Deadline? {
        switch state {
        case .unknown, .resting: nil
        case .moving(_, _, let limit): Deadline(at: limit, for: "the lock does not arrive")
        case .pausing(_, _, let retryAt): Deadline(at: retryAt, for: "the lock is tried again")
        }
    }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .lockOrdered: return order(.locked, at: moment)
        case .unlockOrdered: return order(.unlocked, at: moment)
        case .feedbackRead(let locked): return feedbackRead(locked ? .locked : .unlocked, at: moment)
        case .deviceLost:
            state = .unknown
            return []
        }
    }

    mutating func deadlineReached(at moment: Moment) -> [Effect] {
        switch state {
        case .moving(let wish, let attempt, let limit) where limit <= moment.uptime:
            state = .pausing(wish, attempt: attempt, retryAt: moment.uptime + Self.pause(after: attempt))
            guard attempt >= Self.attemptsBeforeFault, !faulted else { return [] }
            faulted = true
            let action = wish == .locked ? "lock" : "unlock"
            return [.failed("cable lock did not \(action) in \(attempt) attempts")]
        case .pausing(let wish, let attempt, let retryAt) where retryAt <= moment.uptime:
            return move(to: wish, attempt: attempt + 1, at: moment)
        case .unknown, .resting, .moving, .pausing:
            return []
        }
    }

    /// Two quick retries, then every 5 s for a minute, then every minute: a motor must not cook.
    private static func pause(after attempt: Int) -> Duration {
        switch attempt {
        case ..<3: .seconds(2)
        case ..<13: .seconds(5)
        default: .seconds(60)
        }
    }

    private mutating func order(_ wish: Wish, at moment: Moment) -> [Effect] {
        switch state {
        case .resting(wish), .moving(wish, _, _), .pausing(wish, _, _): return []
        case .unknown, .resting, .moving, .pausing: return move(to: wish, attempt: 1, at: moment)
        }
    }

    private mutating func move(to wish: Wish, attempt: Int, at moment: Moment) -> [Effect] {
        state = .moving(wish, attempt: attempt, limit: moment.uptime + Self.pulseLimit)
        return [wish == .locked ? .lock : .unlock]
    }

    private mutating func feedbackRead(_ position: Wish, at moment: Moment) -> [Effect] {
        switch state {
        case .unknown:
            return rest(at: position)
        case .moving(let wish, _, _), .pausing(let wish, _, _):
            return position == wish ? rest(at: position) : []
        case .resting(let wish):
            guard position != wish else { return [] }
            guard wish == .locked else { return move(to: wish, attempt: 1, at: moment) }
            state = .pausing(wish, attempt: 1, retryAt: moment.uptime + Self.pause(after: 1))
            faulted = true
            return [.failed("cable lock opened while it should be locked")]
        }
    }

    private mutating func rest(at position: Wish) -> [Effect] {
        state = .resting(position)
        guard faulted else { return [] }
        faulted = false
        return [.recovered]
    }
}
