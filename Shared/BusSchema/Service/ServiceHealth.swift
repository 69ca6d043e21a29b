/// State: how a service bears its load. Topic `service.health.<service>`. Counts are since its start.
public struct ServiceHealth: BusState {
    public static let type = "service.health"
    public var instance: String? { service.rawValue }

    public var service: ServiceName
    /// The longest time in which the service could do nothing else, microseconds.
    public var longestTurnMicroseconds: Int
    /// How much of that it worked; in the rest it waited, or other processes had the CPU.
    public var longestTurnWorkedMicroseconds: Int
    /// What the longest turn was spent on, for people; nil before the first one.
    public var longestTurnReason: String?
    /// A turn above this is counted and logged, microseconds.
    public var turnLimitMicroseconds: Int
    /// Turns above the limit.
    public var longTurns: Int
    /// Lines that the log had neither room nor rate for.
    public var droppedLogLines: Int
    /// Subscribers that were disconnected because they asked for too much or did not read.
    public var disconnectedSubscribers: Int
    /// Bytes written to flash; nil when the service keeps nothing there. Whole blocks, and what the file system adds, are not in it.
    public var flashBytes: Int?
    /// How often the device was forced, which costs a block or more each time.
    public var flashSyncs: Int?

    public init(
        service: ServiceName,
        longestTurnMicroseconds: Int,
        longestTurnWorkedMicroseconds: Int,
        longestTurnReason: String?,
        turnLimitMicroseconds: Int,
        longTurns: Int,
        droppedLogLines: Int,
        disconnectedSubscribers: Int,
        flashBytes: Int? = nil,
        flashSyncs: Int? = nil
    ) {
        self.service = service
        self.longestTurnMicroseconds = longestTurnMicroseconds
        self.longestTurnWorkedMicroseconds = longestTurnWorkedMicroseconds
        self.longestTurnReason = longestTurnReason
        self.turnLimitMicroseconds = turnLimitMicroseconds
        self.longTurns = longTurns
        self.droppedLogLines = droppedLogLines
        self.disconnectedSubscribers = disconnectedSubscribers
        self.flashBytes = flashBytes
        self.flashSyncs = flashSyncs
    }
}
