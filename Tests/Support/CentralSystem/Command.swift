public import JSON
public import OCPP

/// What people and tests ask a central system to do.
public enum Command: Equatable, Sendable {
    /// Sends a CALL. It waits until the CALLs before it are answered (OCPP-J 1.6 §4.1.1).
    case call(OCPPRequest)
    /// Sends a CALL of any action with any payload, legal or not.
    case callText(action: String, payload: JSONValue)
    /// Stops the newest transaction of the charge point that is still open.
    case stopNewestTransaction
    /// Sends a text as it is, for hostile messages. Nothing is waited for.
    case sendText([UInt8])
    /// Closes the connection.
    case disconnect
    case inject(Fault)
    /// Forgets all injected faults.
    case clearFaults
    case setTag(IdToken, IdTagInfo)
    /// Takes effect with the next BootNotification, counting from there.
    case setRegistration(CentralSystemSettings.RegistrationPlan)
}

/// What became of a command.
public enum Outcome: Equatable, Sendable {
    /// It was carried out, and has no answer of its own.
    case done
    /// The payload of the CALLRESULT.
    case result(JSONValue)
    /// The charge point's CALLERROR.
    case error(code: String, description: String)
    /// No answer in time.
    case timedOut
    /// The connection ended before the answer.
    case disconnected
    /// It cannot be carried out now. `reason` in words.
    case refused(reason: String)
}

/// One CALL with what became of it, for people.
public struct Exchange: Equatable, Sendable {
    public enum Answer: Equatable, Sendable {
        /// CALLRESULT or CALLERROR as on the wire.
        case text([UInt8])
        /// None, and why.
        case none(reason: String)
    }

    public var chargePoint: String
    /// Who sent the CALL.
    public var sender: Role
    public var action: String
    /// The CALL as on the wire.
    public var call: [UInt8]
    public var answer: Answer
    /// From the CALL to its answer, or to giving up.
    public var duration: Duration

    public init(
        chargePoint: String,
        sender: Role,
        action: String,
        call: [UInt8],
        answer: Answer,
        duration: Duration
    ) {
        self.chargePoint = chargePoint
        self.sender = sender
        self.action = action
        self.call = call
        self.answer = answer
        self.duration = duration
    }
}
