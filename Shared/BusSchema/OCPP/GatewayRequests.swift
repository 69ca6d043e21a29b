/// Request: everything a person asks first about the gateway.
public struct GatewayStatus: BusRequest {
    public static let type = "ocpp.status"
    public static let server = ServiceName.ocppGateway
    public static let access = BusAccess.people

    public init() {}

    public struct Reply: BusReply {
        public var link: LinkState
        public var connectors: [ConnectorStatus]
        public var queue: QueueState
        /// What a list of measurands may have in it, because a meter here gives it; nil while that is not known.
        public var measurands: [String]?

        public init(
            link: LinkState,
            connectors: [ConnectorStatus],
            queue: QueueState,
            measurands: [String]? = nil
        ) {
            self.link = link
            self.connectors = connectors
            self.queue = queue
            self.measurands = measurands
        }
    }
}

/// Request: put dead letters back into the queue.
public struct ResendDeadLetters: BusRequest {
    public static let type = "ocpp.resend"
    public static let server = ServiceName.ocppGateway
    public static let access = BusAccess.people

    /// Only this one, by its place in the order of messages; nil for all.
    public var messageNumber: Int64?

    public init(messageNumber: Int64? = nil) { self.messageNumber = messageNumber }

    public struct Reply: BusReply {
        /// How many messages went back into the queue.
        public var requeued: Int

        public init(requeued: Int) { self.requeued = requeued }
    }
}
