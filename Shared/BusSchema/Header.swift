/// The second frame of every bus message. Version 1 is frozen: fields are only ever added, and are optional.
public struct Header: Codable, Equatable, Sendable {
    public struct Kind: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let state = Kind(rawValue: "state")
        public static let event = Kind(rawValue: "event")
        public static let request = Kind(rawValue: "request")
        public static let reply = Kind(rawValue: "reply")
        /// A reply that carries a `BusError` as its payload.
        public static let error = Kind(rawValue: "error")
    }

    /// Envelope version, 1.
    public var v: Int
    public var kind: Kind
    /// Name of the payload's type in the registry; replies and errors carry the type of their request.
    public var type: String
    /// Unique over all services and restarts. A retained state that is sent again keeps its id.
    public var id: String
    /// The service that sent it.
    public var source: ServiceName
    /// Wall clock of the sender, UTC milliseconds since 1970.
    public var sentAt: Int64
    /// Uptime of the machine when it was sent, milliseconds. The same clock in every process.
    public var uptime: Int64
    /// Counts messages per topic and source, from 1 at the start of the source; a gap means that messages were dropped.
    public var seq: Int64?
    /// On replies and errors: the id of the request.
    public var replyTo: String?
    /// Own uuid of the transaction that the message is about.
    public var transaction: String?
    /// Id of the message that made the sender send this one.
    public var cause: String?
    /// On requests: uptime in milliseconds after which the server must refuse it. A queued command may outlive its purpose.
    public var expiresAt: Int64?

    public init(
        kind: Kind,
        type: String,
        id: String,
        source: ServiceName,
        sentAt: Int64,
        uptime: Int64,
        seq: Int64? = nil,
        replyTo: String? = nil,
        transaction: String? = nil,
        cause: String? = nil,
        expiresAt: Int64? = nil
    ) {
        self.v = 1
        self.kind = kind
        self.type = type
        self.id = id
        self.source = source
        self.sentAt = sentAt
        self.uptime = uptime
        self.seq = seq
        self.replyTo = replyTo
        self.transaction = transaction
        self.cause = cause
        self.expiresAt = expiresAt
    }
}

/// Why a request was not done. The code is for programs, the message for people and never parsed.
public struct BusError: Error, Codable, Equatable, Sendable, CustomStringConvertible {
    public struct Code: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The server does not know the request type; the asker may degrade.
        public static let unsupported = Code(rawValue: "unsupported")
        /// Read after its `expiresAt`.
        public static let expired = Code(rawValue: "expired")
        /// The payload does not fit the type, names something that does not exist, or holds an unknown value.
        public static let invalid = Code(rawValue: "invalid")
        /// Understood, and not allowed now.
        public static let refused = Code(rawValue: "refused")
        /// The server tried and a device or disk failed it.
        public static let failed = Code(rawValue: "failed")
        /// Too much at once.
        public static let busy = Code(rawValue: "busy")
        /// No answer in time; set by the asker.
        public static let timedOut = Code(rawValue: "timedOut")
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}

/// Sizes that every endpoint enforces.
public enum BusLimits {
    /// Largest payload, bytes. Anything larger is refused by the sender with an error and dropped by the receiver with a log line.
    public static let payloadBytes = 256 * 1024
    /// Most values in a payload, those inside of lists and objects included: reading them takes `hardware-io` half of the longest turn that it
    /// may have.
    public static let payloadValues = 16 * 1024
    /// Largest header, bytes.
    public static let headerBytes = 4 * 1024
    /// Longest topic that anybody may subscribe to, bytes; who asks for a longer one is disconnected.
    public static let topicBytes = 100
    /// Topics that one subscriber may ask for, over the life of its connection.
    public static let subscriptionsPerPeer = 64
    /// Bytes that these may have together.
    public static let topicBytesPerPeer = 2 * 1024
    /// Published bytes that may wait for one subscriber; who is farther behind is disconnected.
    public static let unreadBytesPerPeer = 2 * 1024 * 1024
    /// Published bytes that may wait for all subscribers of a service together; who is farthest behind is disconnected first.
    public static let unreadBytes = 8 * 1024 * 1024
    /// Messages that wait for a slow subscriber before newer ones are dropped for it (never for others).
    public static let publishQueue = 1000
    /// Subscribers that one user may have at one service.
    public static let connectionsPerUser = 32
    /// Subscribers that a service lets all users have together.
    public static let connections = 128
    /// Beyond those, room for users who have less than `fewConnections`: services among them.
    public static let reservedConnections = 64
    public static let fewConnections = 4
    /// Requests that wait at a server or client.
    public static let requestQueue = 200
    /// Requests of one peer that a server holds before it has read them: each may be as large as a payload, and a user has many peers.
    public static let unreadRequests = 2
}
