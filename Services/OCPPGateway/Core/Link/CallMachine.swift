public import OCPP
public import Primitives

/// Our CALLs: one outstanding at most (OCPP-J 1.6 §4.1.1), ids never used before, a time-out, and exactly one outcome for each.
public struct CallMachine: Sendable {
    /// The CALL that waits for its answer.
    public struct Outstanding: Equatable, Sendable {
        public var key: CallKey
        public var messageId: String
        public var action: Action
        public var sentAt: Moment
        public var deadline: Duration
    }

    public private(set) var outstanding: Outstanding?
    private var random: SeededRandom

    /// `seed` must differ at every start: ids are unique over restarts (OCPP-J errata §3.1).
    public init(seed: UInt64) { random = SeededRandom(seed: seed) }

    public var isFree: Bool { outstanding == nil }
    public var nextDeadline: Deadline? { Deadline(at: outstanding?.deadline, for: "the answer to a CALL is overdue") }

    /// Takes the slot. Returns the id to send the CALL under.
    public mutating func begin(_ call: OutgoingCall, timeout: Duration, at moment: Moment) -> String {
        precondition(outstanding == nil, "A CALL is only begun while the slot is free.")
        let messageId = call.messageId ?? random.uuid()
        outstanding = Outstanding(
            key: call.key,
            messageId: messageId,
            action: call.request.action,
            sentAt: moment,
            deadline: moment.uptime + timeout
        )
        return messageId
    }

    /// Frees the slot when `messageId` is the outstanding one; nil for a late, unknown or duplicate answer.
    public mutating func answered(_ messageId: String) -> Outstanding? {
        guard let call = outstanding, call.messageId == messageId else { return nil }
        outstanding = nil
        return call
    }

    /// Frees the slot when the answer is overdue.
    public mutating func expire(at moment: Moment) -> Outstanding? {
        guard let call = outstanding, call.deadline <= moment.uptime else { return nil }
        outstanding = nil
        return call
    }

    /// Frees the slot because the connection is gone.
    public mutating func connectionLost() -> Outstanding? {
        defer { outstanding = nil }
        return outstanding
    }
}
