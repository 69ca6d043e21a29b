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

        public init(link: LinkState, connectors: [ConnectorStatus], queue: QueueState) {
            self.link = link
            self.connectors = connectors
            self.queue = queue
        }
    }
}

/// Request: put the dead letters back into the queue.
public struct ResendDeadLetters: BusRequest {
    public static let type = "ocpp.resend"
    public static let server = ServiceName.ocppGateway
    public static let access = BusAccess.people

    public init() {}

    public struct Reply: BusReply {
        /// How many messages went back into the queue.
        public var requeued: Int

        public init(requeued: Int) { self.requeued = requeued }
    }
}
