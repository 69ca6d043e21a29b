public import OCPP

/// What a CALL of ours is about: the machine that wanted it, and a number of its own. At most one of each is under way, so the key alone
/// says to whom its outcome belongs.
public struct CallKey: Hashable, Sendable {
    /// The machines that want CALLs sent; `CallSource.all` has their order.
    public enum Source: Hashable, Sendable {
        case registration
        case authorization
        case status
        case delivery
        case dataTransfer
        case mainMeter
        case heartbeat
    }

    public var source: Source
    /// What the source knows the CALL by.
    public var number: Int64

    public init(_ source: Source, _ number: Int64 = 0) {
        self.source = source
        self.number = number
    }

    public static let bootNotification = CallKey(.registration)
    public static let heartbeat = CallKey(.heartbeat)

    /// The number counts authorizations, so that the answer to an abandoned one is not taken for the next.
    public static func authorize(_ number: Int) -> CallKey { CallKey(.authorization, Int64(number)) }

    /// The number counts StatusNotifications, so that a late answer is not taken for that to a newer one about the same connector.
    public static func status(_ number: Int64) -> CallKey { CallKey(.status, number) }

    /// The number is that of the bus request that wants it sent.
    public static func dataTransfer(_ number: Int) -> CallKey { CallKey(.dataTransfer, Int64(number)) }

    /// Values of the main meter; each set is sent once.
    public static func mainMeter(_ number: Int64) -> CallKey { CallKey(.mainMeter, number) }

    /// A transaction-related message, by its place in the durable order.
    public static func delivery(sequence: Int64) -> CallKey { CallKey(.delivery, sequence) }
}

/// A CALL that a machine wants sent now, because the one slot for outstanding CALLs is free (OCPP-J 1.6 §4.1.1).
public struct OutgoingCall: Equatable, Sendable {
    public var key: CallKey
    public var request: OCPPRequest
    /// The id of an earlier transmission of the same message; nil for a first transmission (OCPP-J errata §3.1).
    public var messageId: String?

    public init(key: CallKey, request: OCPPRequest, messageId: String? = nil) {
        self.key = key
        self.request = request
        self.messageId = messageId
    }
}

/// How a CALL of ours ended. One outcome follows each CALL that was handed over, and after `timedOut` perhaps another.
public enum CallOutcome: Equatable, Sendable {
    /// Answered with the confirmation of its request.
    case confirmed(OCPPConfirmation)
    /// Answered with CALLERROR.
    case refused(CallError)
    /// No answer within the message time-out (OCPP-J 1.6 §4.1.1). One that comes late on the same connection is another outcome.
    case timedOut
    /// The connection ended first: whether the central system saw the CALL is unknown.
    case connectionLost
    /// Answered with a CALLRESULT that could not be read: processed all the same (JE §3.3). What could be made out comes along.
    case unreadable(UnreadableResult)
    /// Neither processed nor failed: the central system questions the registration (JE §3.10). To be sent again.
    case unsettled

    /// The central system has taken the message in.
    var isProcessed: Bool {
        switch self {
        case .confirmed, .unreadable: true
        case .refused, .timedOut, .connectionLost, .unsettled: false
        }
    }

    /// What is to be remembered of the identifier that the CALL named. Of an answer that cannot be read only a refusal is: where the date is
    /// what could not be read, Accepted would be for ever.
    var idTagInfo: IdTagInfo? {
        switch self {
        case .confirmed(.authorize(let confirmation)): return confirmation.idTagInfo
        case .confirmed(.startTransaction(let confirmation)): return confirmation.idTagInfo
        case .confirmed(.stopTransaction(let confirmation)): return confirmation.idTagInfo
        case .unreadable(let result):
            guard let status = result.salvaged.identifier?.status, status != .accepted else { return nil }
            return IdTagInfo(status: status)
        case .confirmed, .refused, .timedOut, .connectionLost, .unsettled: return nil
        }
    }
}
