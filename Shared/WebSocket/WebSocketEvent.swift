/// What became of the bytes fed to a `WebSocketConnection`. Texts are valid UTF-8.
public enum WebSocketEvent: Equatable, Sendable {
    /// To be written to the stream, before anything that is sent later.
    case send([UInt8])
    /// Server: `accept` or `refuse` it.
    case upgradeRequested(UpgradeRequest)
    /// Client: messages can be sent now.
    case opened(subprotocol: String?)
    case textReceived([UInt8])
    case binaryReceived([UInt8])
    /// Already answered by a `.send`.
    case pingReceived([UInt8])
    /// Asked for or not (RFC 6455 §5.5.3).
    case pongReceived([UInt8])
    /// No WebSocket came to be. The last event: close the stream after what was sent.
    case upgradeFailed(UpgradeFailure)
    /// The last event: close the stream after what was sent.
    case closed(WebSocketClosure)
}

/// How a WebSocket ended (RFC 6455 §7.1).
public struct WebSocketClosure: Equatable, Sendable {
    public enum Cause: Equatable, Sendable {
        /// We closed and the peer confirmed.
        case local
        /// The peer closed and we confirmed.
        case peer
        /// The peer broke the protocol; we closed with the code, if we had not closed before.
        case violation(WebSocketViolation)
        /// The stream ended without a complete closing handshake.
        case endOfStream
    }

    public var cause: Cause
    /// The peer's code; ours after a violation; 1005 when the Close frame had none, 1006 when there was no Close frame.
    public var code: CloseCode
    public var reason: String

    public init(_ cause: Cause, code: CloseCode, reason: String = "") {
        self.cause = cause
        self.code = code
        self.reason = reason
    }
}

/// Limits on what a peer may make us hold.
public struct WebSocketLimits: Equatable, Sendable {
    /// Of one message, all its fragments together. Beyond it the connection is closed with 1009.
    public var maximumMessageBytes: Int
    /// Of one message. Beyond it the connection is closed with 1008.
    public var maximumFragments: Int

    public init(maximumMessageBytes: Int = 1 << 20, maximumFragments: Int = 4096) {
        precondition(maximumMessageBytes > 0 && maximumFragments > 0, "Limits of nothing would refuse every message.")
        self.maximumMessageBytes = maximumMessageBytes
        self.maximumFragments = maximumFragments
    }
}
