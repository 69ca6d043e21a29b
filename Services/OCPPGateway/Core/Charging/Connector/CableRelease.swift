import BusSchema
import OCPP
import Primitives

/// Releasing the cable of a socket with a lock, and answering the UnlockConnector that asked for it (OCPP 1.6 §5.18).
struct CableRelease: Equatable, Sendable {
    private enum Progress: Equatable {
        /// Nobody wants the cable, or it is free. Next: asked.
        case idle
        /// hardware-io was asked for the `attempts`-th time; asked again at `retryAt`, while there are attempts left.
        case asked(attempts: Int, retryAt: Duration)
    }

    private static let retryAfter = Duration.seconds(5)
    private static let attempts = 3
    /// The answer to UnlockConnector has to be out within five seconds; hardware-io waits for the contactor by itself.
    private static let answerLimit = Duration.milliseconds(4800)

    private let connectorId: Int
    private var progress = Progress.idle
    /// The UnlockConnector that waits.
    private var answer: (id: String, due: Duration)?

    init(connectorId: Int) { self.connectorId = connectorId }

    static func == (left: CableRelease, right: CableRelease) -> Bool {
        left.connectorId == right.connectorId && left.progress == right.progress && left.answer?.id == right.answer?.id
            && left.answer?.due == right.answer?.due
    }

    var nextDeadline: Deadline? {
        var retry: Deadline?
        if case .asked(_, let retryAt) = progress { retry = Deadline(at: retryAt, for: "the lock is tried again") }
        return earliest(retry, Deadline(at: answer?.due, for: "an UnlockConnector must be answered"))
    }

    /// Somebody is to have the cable.
    mutating func begin(_ turn: inout ChargingTurn) {
        progress = .idle
        ask(attempt: 1, &turn)
    }

    /// Nobody waits for the cable any more: it is gone, or the next transaction has it.
    mutating func end() { progress = .idle }

    /// UnlockConnector waits for it from now on. An earlier one that still waits has failed.
    mutating func answerLater(_ id: String, _ turn: inout ChargingTurn) {
        if answer != nil { conclude(.unlockFailed, &turn) }
        answer = (id, turn.uptime + Self.answerLimit)
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
            conclude(.unlockFailed, &turn)
            // Tried again when its time comes.
            if case .asked(Self.attempts, _) = progress { progress = .idle }
        }
    }

    mutating func deadlineReached(_ turn: inout ChargingTurn) {
        if let answer, answer.due <= turn.uptime { conclude(.unlockFailed, &turn) }
        if case .asked(let attempts, let retryAt) = progress, retryAt <= turn.uptime {
            progress = .idle
            if attempts < Self.attempts { ask(attempt: attempts + 1, &turn) }
        }
    }

    private mutating func ask(attempt: Int, _ turn: inout ChargingTurn) {
        progress = .asked(attempts: attempt, retryAt: turn.uptime + Self.retryAfter)
        turn.add(.requestUnlock(Unlock(connectorId: connectorId)))
    }

    private mutating func conclude(_ status: UnlockStatus, _ turn: inout ChargingTurn) {
        guard let answer else { return }
        self.answer = nil
        turn.add(.confirmUnlock(id: answer.id, UnlockConnector.Confirmation(status: status)))
    }
}
