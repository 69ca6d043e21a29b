/// The uplinks of this site, the preferred one first, and what is known from the time before.
public struct UplinkConfiguration: Sendable {
    public struct Uplink: Sendable {
        public var name: String
        public var carrier: any Carrier
        /// Nil where data costs nothing.
        public var budget: DataBudget?
        /// Whether the machine may be started anew when nothing else helps.
        public var mayRebootHost: Bool
        /// What of its settings could not be used, for people: a file that cannot be read. Nil when all could.
        public var complaint: String?

        public init(
            name: String,
            carrier: any Carrier,
            budget: DataBudget? = nil,
            mayRebootHost: Bool = false,
            complaint: String? = nil
        ) {
            self.name = name
            self.carrier = carrier
            self.budget = budget
            self.mayRebootHost = mayRebootHost
            self.complaint = complaint
        }
    }

    public var uplinks: [Uplink]
    /// Whether there is a central system to probe for.
    public var probes: Bool
    public var bootId: String
    public var memory: UplinkMemory
    /// Of the next entry of the journal.
    public var nextEntry: Int64
    public var seed: UInt64

    public init(
        uplinks: [Uplink],
        probes: Bool = false,
        bootId: String = "",
        memory: UplinkMemory = UplinkMemory(),
        nextEntry: Int64 = 1,
        seed: UInt64 = 0
    ) {
        precondition(Set(uplinks.map(\.name)).count == uplinks.count, "Uplinks are told apart by their names.")
        self.uplinks = uplinks
        self.probes = probes
        self.bootId = bootId
        self.memory = memory
        self.nextEntry = nextEntry
        self.seed = seed
    }
}
