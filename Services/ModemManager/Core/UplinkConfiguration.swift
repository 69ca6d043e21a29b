/// The uplinks of this site, the preferred one first.
public struct UplinkConfiguration: Equatable, Sendable {
    public enum Driver: Equatable, Sendable {
        /// Up while the interface has an address; nil means any interface but the loopback.
        case interface(String?)
        /// Up until it is cut by request.
        case simulated
    }

    public struct Uplink: Equatable, Sendable {
        public var name: String
        public var driver: Driver

        public init(name: String, driver: Driver) {
            self.name = name
            self.driver = driver
        }
    }

    public var uplinks: [Uplink]

    public init(uplinks: [Uplink]) {
        precondition(Set(uplinks.map(\.name)).count == uplinks.count, "Uplinks are told apart by their names.")
        self.uplinks = uplinks
    }
}
