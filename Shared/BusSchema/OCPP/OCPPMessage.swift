/// Event: one OCPP frame, sent or received, as text. Secrets in it are replaced before it gets here.
public struct OCPPMessage: BusEvent {
    public static let type = "ocpp.message"

    public struct Direction: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let sent = Direction(rawValue: "sent")
        public static let received = Direction(rawValue: "received")
    }

    public struct Kind: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let call = Kind(rawValue: "CALL")
        public static let callResult = Kind(rawValue: "CALLRESULT")
        public static let callError = Kind(rawValue: "CALLERROR")
        /// Not an OCPP message.
        public static let unreadable = Kind(rawValue: "unreadable")
    }

    public var direction: Direction
    public var kind: Kind
    /// Action of the CALL, on answers too when the CALL is known.
    public var action: String?
    public var messageId: String?
    /// The frame as on the wire, cut at 64 KiB.
    public var frame: String
    /// On answers: time since the CALL, microseconds.
    public var latencyMicroseconds: Int64?

    public init(
        direction: Direction,
        kind: Kind,
        action: String?,
        messageId: String?,
        frame: String,
        latencyMicroseconds: Int64? = nil
    ) {
        self.direction = direction
        self.kind = kind
        self.action = action
        self.messageId = messageId
        self.frame = frame
        self.latencyMicroseconds = latencyMicroseconds
    }
}
