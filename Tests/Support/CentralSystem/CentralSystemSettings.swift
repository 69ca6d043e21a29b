public import OCPP

/// How a central system behaves from the start. Most of it can be changed later by commands.
public struct CentralSystemSettings: Equatable, Sendable {
    /// What BootNotification is answered with, per charge point.
    public enum RegistrationPlan: Equatable, Sendable {
        case accepted
        /// `Pending` so many times, then `Accepted`.
        case pending(times: Int)
        /// `Rejected` so many times, then `Accepted`.
        case rejected(times: Int)
    }

    public var registration = RegistrationPlan.accepted
    /// Seconds in BootNotification.conf when accepted: the interval of heartbeats.
    public var heartbeatIntervalSeconds = 300
    /// Seconds in BootNotification.conf when not: when to try again.
    public var retryIntervalSeconds = 1
    /// Charge points count as registered from the start, as when this central system was restarted.
    public var knowsEveryone = false
    /// What is known about identifiers.
    public var tags: [IdToken: IdTagInfo] = [:]
    /// Who is known as in `tags` for so long, then blocked for so long, and so on.
    public var wavering: [IdToken: Duration] = [:]
    /// The status of every other identifier.
    public var unknownTagStatus = AuthorizationStatus.accepted
    /// The first transactionId; the next ones count up.
    public var firstTransactionId = 1
    /// How late its answers to transaction messages are, in turn; empty answers at once.
    public var answerDelays: [Duration] = []
    /// How long a charge point may take for its answer.
    public var answerTimeout = Duration.seconds(30)
    /// After a CALL that got no answer a charge point must wait this long before its next one (OCPP-J 1.6 §4.1.1): the shortest
    /// time-out that it may have. Zero checks nothing.
    public var shortestCallTimeout = Duration.zero

    public init() {}
}

/// Something the central system does wrongly on purpose.
public struct Fault: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// The message is processed, its answer is lost.
        case drop
        /// The message is processed, its answer comes late.
        case delay(Duration)
        /// The message is not processed; the answer is a CALLERROR.
        case error(CallErrorCode)
        /// The message is processed, the connection closed instead of an answer.
        case closeInstead
        /// The message is processed and answered, then the connection is closed.
        case closeAfter
        /// The message is processed, and every field of the answer but `transactionId` has a type that it must not have.
        case unreadable
        /// The message is processed; the status that the answer has for an identifier is none of OCPP's, which is no acceptance.
        case unknownStatus
        /// The message is processed; the time in the answer is off by so much.
        case wrongTime(Duration)
    }

    public var kind: Kind
    /// The action that it strikes; nil for any.
    public var action: Action?
    /// How many messages are still struck.
    public var count: Int

    public init(_ kind: Kind, action: Action?, count: Int = 1) {
        precondition(count > 0, "A fault that never strikes is none.")
        self.kind = kind
        self.action = action
        self.count = count
    }
}
