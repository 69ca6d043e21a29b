/// State: what waits for delivery to the central system. Topic `ocpp.queue`.
public struct QueueState: BusState {
    public static let type = "ocpp.queue"

    /// Transaction messages on disk that the central system has not confirmed.
    public var undelivered: Int
    /// Time of the event that the oldest reports, UTC milliseconds since 1970.
    public var oldestAt: Int64?
    /// Action of the CALL that waits for its answer.
    public var inFlight: String?
    /// Failed attempts of the oldest transaction message.
    public var attempts: Int
    /// UTC milliseconds since 1970.
    public var nextAttemptAt: Int64?
    /// Transaction messages that the central system kept refusing; kept, visible, resendable.
    public var deadLetters: Int
    /// Why nothing more can be stored, or what of it could not be read and waits for somebody, for people; nil while all is well.
    public var storageFault: String?

    public init(
        undelivered: Int,
        oldestAt: Int64?,
        inFlight: String?,
        attempts: Int,
        nextAttemptAt: Int64?,
        deadLetters: Int,
        storageFault: String?
    ) {
        self.undelivered = undelivered
        self.oldestAt = oldestAt
        self.inFlight = inFlight
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.deadLetters = deadLetters
        self.storageFault = storageFault
    }
}
