/// State: a service says who it is, at its start and while it runs. Topic `service.announce.<service>`.
public struct Announce: BusState {
    public static let type = "service.announce"
    public var instance: String? { service.rawValue }

    public var service: ServiceName
    /// Version of the software.
    public var version: String
    /// Counts additions to the bus schema; differing versions talk to each other all the same.
    public var schemaVersion: Int
    public var pid: Int
    /// UTC milliseconds since 1970.
    public var startedAt: Int64
    /// Types of states and events that it publishes.
    public var publishes: [String]
    /// Types of requests that it answers.
    public var serves: [String]
    /// Whether any device behind it is simulated.
    public var simulated: Bool
    /// False from the moment it is asked to end.
    public var running: Bool

    public init(
        service: ServiceName,
        version: String,
        schemaVersion: Int,
        pid: Int,
        startedAt: Int64,
        publishes: [String],
        serves: [String],
        simulated: Bool,
        running: Bool
    ) {
        self.service = service
        self.version = version
        self.schemaVersion = schemaVersion
        self.pid = pid
        self.startedAt = startedAt
        self.publishes = publishes
        self.serves = serves
        self.simulated = simulated
        self.running = running
    }
}
