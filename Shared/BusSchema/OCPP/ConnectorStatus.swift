/// State: a connector as OCPP sees it. Topic `ocpp.connector.<connectorId>`; 0 is the charge point itself.
public struct ConnectorStatus: BusState {
    public static let type = "ocpp.connector"
    public var instance: String? { String(connectorId) }

    public struct Transaction: Codable, Equatable, Sendable {
        /// Our own name for it, a uuid.
        public var uuid: String
        /// The central system's; nil until StartTransaction is answered.
        public var transactionId: Int?
        public var idTag: String
        /// UTC milliseconds since 1970.
        public var startedAt: Int64
        public var meterStartWh: Int64
        /// True when the central system refused StartTransaction for good, so that there will be no transactionId; else nil.
        public var startIsDeadLetter: Bool?

        public init(
            uuid: String,
            transactionId: Int?,
            idTag: String,
            startedAt: Int64,
            meterStartWh: Int64,
            startIsDeadLetter: Bool? = nil
        ) {
            self.uuid = uuid
            self.transactionId = transactionId
            self.idTag = idTag
            self.startedAt = startedAt
            self.meterStartWh = meterStartWh
            self.startIsDeadLetter = startIsDeadLetter
        }
    }

    /// Somebody was refused here.
    public struct Refusal: Codable, Equatable, Sendable {
        /// A clause for people.
        public var reason: String
        /// UTC milliseconds since 1970.
        public var at: Int64

        public init(reason: String, at: Int64) {
            self.reason = reason
            self.at = at
        }
    }

    public var connectorId: Int
    /// ChargePointStatus, spelled as in OCPP 1.6 §7.7.
    public var status: String
    /// ChargePointErrorCode, spelled as in OCPP 1.6 §7.6.
    public var errorCode: String
    public var info: String?
    /// Since when the status holds, UTC milliseconds since 1970.
    public var since: Int64
    public var transaction: Transaction?
    /// One sentence for people: what is going on, and what is waited for.
    public var explanation: String
    /// The newest since the last transaction began; nil when there is none.
    public var refusal: Refusal?

    public init(
        connectorId: Int,
        status: String,
        errorCode: String,
        info: String?,
        since: Int64,
        transaction: Transaction?,
        explanation: String,
        refusal: Refusal? = nil
    ) {
        self.connectorId = connectorId
        self.status = status
        self.errorCode = errorCode
        self.info = info
        self.since = since
        self.transaction = transaction
        self.explanation = explanation
        self.refusal = refusal
    }
}
