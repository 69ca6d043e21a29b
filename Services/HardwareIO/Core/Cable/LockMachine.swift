import BusSchema
import Primitives

/// The lock of a detachable cable: pulses, feedback, retries. Whether it should be locked is decided above.
struct LockMachine {
    /// Where it should be.
    enum Wish: Equatable { case locked, unlocked }

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
    /// Longest time until the position is known after a start.
    static let readingLimit = Duration.seconds(5)
    /// Longest silence at any time: the position is reported every 10 s.
    static let silenceLimit = Duration.seconds(30)

    private let connectorId: Int
    private var state = State.unknown
    /// What it did wrong; nil once it is where it should be.
    private var disobeyed: String?
    /// When it has to be read next at the latest; nil while it is known to be silent.
    private var readUntil: Duration?

    init(connectorId: Int, at start: Duration) {
        self.connectorId = connectorId
        readUntil = start + Self.readingLimit
    }

    /// The position as the bus names it.
    var position: LockState {
        if failure != nil { return .failed }
        return switch state {
        case .unknown, .resting(.unlocked): .unlocked
        case .resting(.locked): .locked
        case .moving(.locked, _, _), .pausing(.locked, _, _): .locking
        case .moving(.unlocked, _, _), .pausing(.unlocked, _, _): .unlocking
        }
    }

    /// What is wrong, for the list of faults.
    var failure: String? {
        readUntil == nil ? "position of the cable lock was not read for too long" : disobeyed
    }

    /// Whether its position was read.
    var isKnown: Bool { state != .unknown }
    var isSecured: Bool { state == .resting(.locked) }
    var isReleased: Bool { state == .resting(.unlocked) }
    /// Whether it is on its way to let the cable go.
    var isReleasing: Bool {
        switch state {
        case .moving(.unlocked, _, _), .pausing(.unlocked, _, _): true
        case .unknown, .resting, .moving, .pausing: false
        }
    }

    var nextDeadline: Deadline? {
        let moves: Deadline? =
            switch state {
            case .unknown, .resting: nil
            case .moving(_, _, let limit): Deadline(at: limit, for: "the lock does not arrive")
            case .pausing(_, _, let retryAt): Deadline(at: retryAt, for: "the lock is tried again")
            }
        return earliest(moves, Deadline(at: readUntil, for: "the lock was not read for too long"))
    }

    /// `mayUnlock`: no current can flow. What was begun when that held is not tried again when it does not hold any more.
    mutating func deadlineReached(mayUnlock: Bool, _ turn: inout Turn) {
        switch state {
        case .moving(let wish, let attempt, let limit) where limit <= turn.uptime:
            state = .pausing(wish, attempt: attempt, retryAt: turn.uptime + Self.pause(after: attempt))
            guard attempt >= Self.attemptsBeforeFault, disobeyed == nil else { break }
            disobeyed = "cable lock did not \(wish == .locked ? "lock" : "unlock") in \(attempt) attempts"
        case .pausing(.unlocked, _, let retryAt) where retryAt <= turn.uptime && !mayUnlock:
            move(to: .locked, attempt: 1, &turn)
        case .pausing(let wish, let attempt, let retryAt) where retryAt <= turn.uptime:
            move(to: wish, attempt: attempt + 1, &turn)
        case .unknown, .resting, .moving, .pausing:
            break
        }
        if let readUntil, readUntil <= turn.uptime {
            state = .unknown
            self.readUntil = nil
        }
    }

    mutating func want(_ wish: Wish, _ turn: inout Turn) {
        switch state {
        case .unknown, .resting(wish), .moving(wish, _, _), .pausing(wish, _, _): break
        case .resting, .moving, .pausing: move(to: wish, attempt: 1, &turn)
        }
    }

    mutating func feedbackRead(locked: Bool, _ turn: inout Turn) {
        let position = locked ? Wish.locked : .unlocked
        readUntil = turn.readAt + Self.silenceLimit
        switch state {
        case .unknown:
            arrive(at: position)
        case .moving(let wish, _, _), .pausing(let wish, _, _):
            if position == wish { arrive(at: position) }
        case .resting(let wish):
            guard position != wish else { return }
            // Whether it may be moved back is decided above.
            guard wish == .locked else { return arrive(at: position) }
            state = .pausing(wish, attempt: 1, retryAt: turn.uptime + Self.pause(after: 1))
            disobeyed = "cable lock opened while it should be locked"
        }
    }

    /// The position is unknown until it is read again.
    mutating func lose(at uptime: Duration) {
        state = .unknown
        readUntil = uptime + Self.readingLimit
    }

    /// Two quick retries, then every 5 s for a minute, then every minute: a motor must not cook.
    private static func pause(after attempt: Int) -> Duration {
        switch attempt {
        case ..<3: .seconds(2)
        case ..<13: .seconds(5)
        default: .seconds(60)
        }
    }

    private mutating func move(to wish: Wish, attempt: Int, _ turn: inout Turn) {
        state = .moving(wish, attempt: attempt, limit: turn.uptime + Self.pulseLimit)
        turn.order(wish == .locked ? .lock(connectorId: connectorId) : .unlock(connectorId: connectorId))
    }

    private mutating func arrive(at position: Wish) {
        state = .resting(position)
        disobeyed = nil
    }
}
