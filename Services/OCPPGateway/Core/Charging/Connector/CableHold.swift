import BusSchema
import Primitives

/// Having the cable of a socket with a lock held before its transaction begins, so that none begins with a lock that fails.
struct CableHold: Equatable, Sendable {
    private enum Progress: Equatable {
        /// Nobody wants it held. Next: asked.
        case idle
        /// hardware-io was asked, and has said yes where `isTaken`. It is asked again at `askAgainAt`, because its next process knows
        /// nothing of it, and the request or its answer may be lost. Next: asked, needless, idle.
        case asked(isTaken: Bool, askAgainAt: Duration)
        /// hardware-io is of a version that locks with the permit. Next: idle.
        case needless
    }

    /// Longer than an answer takes.
    private static let repetition = Duration.seconds(5)
    /// After a refusal: the cable may not have been recognized yet.
    private static let retryAfter = Duration.seconds(1)

    private let connectorId: Int
    private var progress = Progress.idle
    /// A refusal was logged.
    private var isTroubled = false

    init(connectorId: Int) { self.connectorId = connectorId }

    var nextDeadline: Deadline? {
        guard case .asked(_, let askAgainAt) = progress else { return nil }
        return Deadline(at: askAgainAt, for: "the cable is asked to be held again")
    }

    /// hardware-io was asked to hold the cable, and may do so.
    var isUnderWay: Bool { if case .asked = progress { true } else { false } }

    /// Whether the transaction may begin, with the lock in that position. A lock that is seen locked holds the cable for good only where
    /// hardware-io knows that it is wanted: it may be about to open for whoever had it before.
    func isSecured(by lock: LockState) -> Bool {
        switch progress {
        case .idle: lock == .absent
        case .asked(let isTaken, _): lock == .absent || (isTaken && lock == .locked)
        case .needless: true
        }
    }

    /// A transaction is to begin.
    mutating func begin(_ turn: inout ChargingTurn) {
        if progress == .idle { ask(isTaken: false, &turn) }
    }

    /// The transaction has begun, or does not begin any more. Returns whether hardware-io may hold the cable.
    @discardableResult
    mutating func end() -> Bool {
        defer {
            progress = .idle
            isTroubled = false
        }
        return isUnderWay
    }

    mutating func answered(_ outcome: LockOutcome, _ turn: inout ChargingTurn) {
        guard case .asked(_, let askAgainAt) = progress else { return }  // Late.
        switch outcome {
        case .answered: progress = .asked(isTaken: true, askAgainAt: askAgainAt)
        case .failed(let error) where error.code == .unsupported: progress = .needless
        case .failed(let error):
            if !isTroubled {
                turn.log(
                    .warning,
                    "hardware-io does not hold the cable",
                    .init("connector", connectorId),
                    .init("error", error)
                )
            }
            isTroubled = true
            progress = .asked(isTaken: false, askAgainAt: turn.uptime + Self.retryAfter)
        }
    }

    mutating func deadlineReached(_ turn: inout ChargingTurn) {
        guard case .asked(let isTaken, let askAgainAt) = progress, askAgainAt <= turn.uptime else { return }
        ask(isTaken: isTaken, &turn)
    }

    private mutating func ask(isTaken: Bool, _ turn: inout ChargingTurn) {
        progress = .asked(isTaken: isTaken, askAgainAt: turn.uptime + Self.repetition)
        turn.add(.requestLock(Lock(connectorId: connectorId)))
    }
}
