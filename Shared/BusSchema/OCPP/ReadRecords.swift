/// Request: a page of the transaction-related messages that the gateway has on disk, in their order: all that wait, dead letters, and what was
/// delivered lately. A page costs as much as the messages that it looks at, however many there are.
public struct ReadRecords: BusRequest {
    public static let type = "ocpp.records"
    public static let server = ServiceName.ocppGateway
    public static let access = BusAccess.people

    /// Only messages after this one; nil begins with the oldest.
    public var after: Int64?
    /// How many are looked at, 1…100; nil is 100.
    public var limit: Int?
    /// Only those in this state.
    public var state: MessageRecord.State?
    /// Only those of this transaction, by our own name for it.
    public var transaction: String?

    public init(after: Int64? = nil, limit: Int? = nil, state: MessageRecord.State? = nil, transaction: String? = nil) {
        self.after = after
        self.limit = limit
        self.state = state
        self.transaction = transaction
    }

    public struct Reply: BusReply {
        public var records: [MessageRecord]
        /// To be asked for next as `after`; nil when there are no more.
        public var next: Int64?

        public init(records: [MessageRecord], next: Int64?) {
            self.records = records
            self.next = next
        }
    }
}

/// One transaction-related message as it stands in the gateway's journal.
public struct MessageRecord: Codable, Equatable, Sendable {
    /// Where it stands.
    public struct State: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Its turn has not come, or it is being sent.
        public static let waiting = State(rawValue: "waiting")
        /// The central system confirmed it.
        public static let delivered = State(rawValue: "delivered")
        /// The central system refused it too often (OCPP 1.6 §3.7.1); `ocpp.resend` puts it back.
        public static let deadLetter = State(rawValue: "deadLetter")
    }

    /// Its place in the order of messages.
    public var messageNumber: Int64
    /// StartTransaction, MeterValues or StopTransaction.
    public var action: String
    public var state: State
    /// Our own name of the transaction.
    public var transaction: String
    /// The central system's, where it is known; of a transaction that is delivered, only if the page has the answer to its start.
    public var transactionId: Int?
    public var connectorId: Int
    /// UTC milliseconds since 1970 of the event, as it is or would be told.
    public var at: Int64
    public var energyWh: Int64
    /// Of the start, and of a stop by somebody.
    public var idTag: String?
    /// Of the stop, spelled as in OCPP 1.6 §7.36.
    public var reason: String?

    public init(
        messageNumber: Int64,
        action: String,
        state: State,
        transaction: String,
        transactionId: Int?,
        connectorId: Int,
        at: Int64,
        energyWh: Int64,
        idTag: String?,
        reason: String?
    ) {
        self.messageNumber = messageNumber
        self.action = action
        self.state = state
        self.transaction = transaction
        self.transactionId = transactionId
        self.connectorId = connectorId
        self.at = at
        self.energyWh = energyWh
        self.idTag = idTag
        self.reason = reason
    }
}
