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
    /// CALLs of this connection whose time is over, newest last: an answer that comes after all is theirs.
    private var overdue: [Outstanding] = []
    private var random: SeededRandom

    /// `seed` must differ at every start: ids are unique over restarts (OCPP-J errata §3.1).
    public init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// A central system that is minutes behind has a problem of its own.
    private static let mostOverdue = 8

    /// The CALL with that id whose answer is of use, in time or late.
    public func call(_ messageId: String) -> Outstanding? {
        if let outstanding, outstanding.messageId == messageId { return outstanding }
        return overdue.last { $0.messageId == messageId }
    }

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

    /// The CALL that `messageId` answers: the outstanding one, whose slot becomes free, or one whose time is over. Nil for an unknown or
    /// duplicate answer.
    public mutating func answered(_ messageId: String) -> Outstanding? {
        let late = overdue.lastIndex { $0.messageId == messageId }.map { overdue.remove(at: $0) }
        guard let call = outstanding, call.messageId == messageId else { return late }
        outstanding = nil
        return call
    }

    /// Frees the slot when the answer is overdue; it may still come.
    public mutating func expire(at moment: Moment) -> Outstanding? {
        guard let call = outstanding, call.deadline <= moment.uptime else { return nil }
        outstanding = nil
        overdue.append(call)
        if overdue.count > Self.mostOverdue { overdue.removeFirst() }
        return call
    }

    /// Frees the slot because the connection is gone, and with it every answer.
    public mutating func connectionLost() -> Outstanding? {
        defer {
            outstanding = nil
            overdue = []
        }
        return outstanding
    }
}
