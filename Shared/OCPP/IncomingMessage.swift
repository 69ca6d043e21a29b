/// What a received text turned out to be. Every text is one of these; none can make the codec fail.
public enum IncomingMessage: Equatable, Sendable {
    /// A request of the peer, checked against all constraints of its action.
    case call(id: String, OCPPRequest)
    /// The answer to a request of ours.
    case callResult(id: String, OCPPConfirmation)
    /// The peer could not process a request of ours.
    case callError(id: String, CallError)
    /// A request that must be answered with this CALLERROR and has no other effect. `action` as the peer spelled it, when it did.
    case rejectedCall(id: String, action: String?, CallError)
    /// A CALLRESULT to a request of ours that does not fit: the peer has processed the request (JE §3.3).
    case undecodableResult(id: String, UnreadableResult)
    /// Nothing that can be answered or matched: drop it, keep the connection. `reason` for the log.
    case ignored(reason: String)
}
