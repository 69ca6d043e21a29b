import BusSchema
import OCPP
import Primitives

/// Releasing the cable of a socket with a lock, and answering the UnlockConnector that asked for it (OCPP 1.6 §5.18).
struct CableRelease: Equatable, Sendable {
    private enum Progress: Equatable {
        /// Nobody wants the cable, or it is free. Next: asked.
        case idle
        /// hardware-io was asked for the `attempts`-th time, and will answer; asked again at `retryAt`, while there are attempts left.
        /// Next: failed, asked, idle.
        case asked(attempts: Int, retryAt: Duration)
        /// It answered that it could not. Next: asked, idle.
        case failed(attempts: Int, retryAt: Duration)
    }

    /// An UnlockConnector that waits.
    private struct Waiting: Equatable {
        let callId: String
        let due: Duration
    }

    private static let retryAfter = Duration.seconds(5)
    private static let attempts = 3
    /// The answer to UnlockConnector has to be out within five seconds, and after hardware-io's, which waits for the contactor by itself
    /// (`UnlockOutcome.patience`).
    private static let answerLimit = Duration.milliseconds(4800)

    private let connectorId: Int
    private var progress = Progress.idle
    /// In the order in which they came.
    private var waiting: [Waiting] = []

    init(connectorId: Int) { self.connectorId = connectorId }

    var nextDeadline: Deadline? {
        earliest(
            Deadline(at: retryAt, for: "the lock is tried again"),
            Deadline(at: waiting.first?.due, for: "an UnlockConnector must be answered")
        )
    }

    /// An UnlockConnector waits for its answer.
    var isAwaited: Bool { !waiting.isEmpty }

    /// hardware-io is being asked, now or again after a while.
    var isUnderWay: Bool { progress != .idle }

    private var retryAt: Duration? {
        switch progress {
        case .idle: nil
        case .asked(_, let retryAt), .failed(_, let retryAt): retryAt
        }
    }

    /// Somebody is to have the cable. One question is under way for all.
    mutating func begin(_ turn: inout ChargingTurn) {
        if case .asked = progress { return }
        ask(attempt: 1, &turn)
    }

    /// Nobody waits for the cable any more: it is gone, or the next transaction has it.
    mutating func end() { progress = .idle }

    /// The program ends: nobody would answer those who wait.
    mutating func giveUp(_ turn: inout ChargingTurn) { conclude(.unlockFailed, &turn) }

    /// UnlockConnector waits for it from now on.
    mutating func answerLater(_ callId: String, at uptime: Duration) {
        waiting.append(Waiting(callId: callId, due: uptime + Self.answerLimit))
    }

    mutating func answered(_ outcome: UnlockOutcome, _ turn: inout ChargingTurn) {
        switch outcome {
        case .answered(.unlocked):
            progress = .idle
            conclude(.unlocked, &turn)
        case .answered(.notSupported):
            progress = .idle
            conclude(.notSupported, &turn)
        case .answered, .failed:
            turn.log(.warning, "the cable was not released", .init("connector", connectorId))
            failed(&turn)
        }
    }

    /// hardware-io said how things stand. An open lock is what an UnlockConnector waits for, whatever becomes of the question; under a
    /// permit it may be about to close.
    mutating func observed(_ state: ConnectorState, _ turn: inout ChargingTurn) {
        if state.lock == .unlocked, state.permit == nil { conclude(.unlocked, &turn) }
    }

    /// Whoever can wait for the next attempt gets its outcome.
    private mutating func failed(_ turn: inout ChargingTurn) {
        guard case .asked(let attempts, let retryAt) = progress, attempts < Self.attempts else {
            progress = .idle
            return conclude(.unlockFailed, &turn)
        }
        progress = .failed(attempts: attempts, retryAt: retryAt)
        conclude(.unlockFailed, dueBy: retryAt, &turn)
    }

    mutating func deadlineReached(_ turn: inout ChargingTurn) {
        conclude(.unlockFailed, dueBy: turn.uptime, &turn)
        switch progress {
        case .asked(let attempts, let retryAt) where retryAt <= turn.uptime,
            .failed(let attempts, let retryAt) where retryAt <= turn.uptime:
            progress = .idle
            if attempts < Self.attempts { ask(attempt: attempts + 1, &turn) }
        case .idle, .asked, .failed: break
        }
    }

    private mutating func ask(attempt: Int, _ turn: inout ChargingTurn) {
        progress = .asked(attempts: attempt, retryAt: turn.uptime + Self.retryAfter)
        turn.add(.requestUnlock(Unlock(connectorId: connectorId)))
    }

    /// Answers those that have to be answered by then; all without a limit.
    private mutating func conclude(_ status: UnlockStatus, dueBy limit: Duration? = nil, _ turn: inout ChargingTurn) {
        let concluded = waiting.prefix { call in limit.map { call.due <= $0 } ?? true }
        waiting.removeFirst(concluded.count)
        for call in concluded {
            turn.add(.confirmUnlock(id: call.callId, UnlockConnector.Confirmation(status: status)))
        }
    }
}
