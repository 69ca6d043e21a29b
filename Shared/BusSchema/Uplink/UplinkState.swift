/// State: how the charger reaches the network. Topic `uplink.state`.
public struct UplinkState: BusState {
    public static let type = "uplink.state"

    public struct Link: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Not known yet: users of the network just try.
        public static let unknown = Link(rawValue: "unknown")
        public static let up = Link(rawValue: "up")
        public static let down = Link(rawValue: "down")
    }

    /// One uplink among several.
    public struct Uplink: Codable, Equatable, Sendable {
        public var name: String
        public var driver: String
        public var link: Link
        /// Why it is as it is, for people.
        public var detail: String
        public var interface: String?
        /// Of a modem, 0…100; nil where nothing is measured.
        public var signalPercent: Int?
        /// The address of this side; whoever has a connection from another one makes it anew.
        public var address: String?
        /// Of the network behind it, in digits, to be asked through `interface`; nil where the system's resolver is as good.
        public var nameServers: [String]?
        /// Of a modem; nil where there is none.
        public var radio: UplinkRadio?
        /// How far one gets over this uplink; nil before anybody tried, and after it was down.
        public var endToEnd: UplinkReport.Health?
        /// What was done last to recover it (`redial`, `radio`, `modemReset` …); nil when it was well for ten minutes.
        public var lastStep: String?
        /// Carried in this month of the contract, both ways, in steps of a hundredth of the budget; nil where nothing is counted.
        public var monthBytes: Int64?

        public init(
            name: String,
            driver: String,
            link: Link,
            detail: String,
            interface: String? = nil,
            signalPercent: Int? = nil,
            address: String? = nil,
            nameServers: [String]? = nil,
            radio: UplinkRadio? = nil,
            endToEnd: UplinkReport.Health? = nil,
            lastStep: String? = nil,
            monthBytes: Int64? = nil
        ) {
            self.name = name
            self.driver = driver
            self.link = link
            self.detail = detail
            self.interface = interface
            self.signalPercent = signalPercent
            self.address = address
            self.nameServers = nameServers
            self.radio = radio
            self.endToEnd = endToEnd
            self.lastStep = lastStep
            self.monthBytes = monthBytes
        }
    }

    /// Whether traffic can flow at all: that of the active uplink.
    public var link: Link
    /// Name of the uplink in use; nil when none is up.
    public var active: String?
    /// Since when `link` holds, UTC milliseconds since 1970.
    public var since: Int64
    public var uplinks: [Uplink]
    /// How far one gets over the active uplink; without one, what the gateway reported last. Nil before anybody tried.
    public var endToEnd: UplinkReport.Health?

    /// The uplink in use; nil when none is.
    public var activeUplink: Uplink? { uplinks.first { $0.name == active } }
    /// Of the uplink in use; nil when none is, or when it measures none.
    public var signalPercent: Int? { activeUplink?.signalPercent }

    public init(link: Link, active: String?, since: Int64, uplinks: [Uplink], endToEnd: UplinkReport.Health?) {
        self.link = link
        self.active = active
        self.since = since
        self.uplinks = uplinks
        self.endToEnd = endToEnd
    }
}

/// Event: the link or the active uplink changed.
public struct UplinkChanged: BusEvent {
    public static let type = "uplink.changed"

    public var link: UplinkState.Link
    public var active: String?
    public var reason: String

    public init(link: UplinkState.Link, active: String?, reason: String) {
        self.link = link
        self.active = active
        self.reason = reason
    }
}

/// Request: the gateway tells how far it gets, so that recovery follows end-to-end health instead of signal bars.
public struct UplinkReport: BusRequest {
    public static let type = "uplink.report"
    public static let server = ServiceName.modemManager
    public static let access = BusAccess.services
    public typealias Reply = Done

    public struct Health: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The central system answers.
        public static let reachable = Health(rawValue: "reachable")
        /// The network works, the central system refuses (HTTP error, registration rejected).
        public static let refused = Health(rawValue: "refused")
        /// No name, no route, no answer.
        public static let unreachable = Health(rawValue: "unreachable")
    }

    public var health: Health
    /// The last error, for people.
    public var detail: String?
    /// The uplink over which that was found: the active one when the connection was begun. Nil when the gateway knew of none.
    public var uplink: String?

    public init(health: Health, detail: String? = nil, uplink: String? = nil) {
        self.health = health
        self.detail = detail
        self.uplink = uplink
    }
}

/// Request: cut or mend a simulated uplink, change its signal, or both. Refused for real ones.
public struct SimulateUplink: BusRequest {
    public static let type = "uplink.sim"
    public static let server = ServiceName.modemManager
    public static let access = BusAccess.people
    public typealias Reply = Done

    /// Nil means every simulated uplink.
    public var name: String?
    /// False cuts it, true mends it; nil leaves that as it is.
    public var up: Bool?
    /// What it measures from now on, 0…100; nil leaves that as it is.
    public var signalPercent: Int?

    public init(name: String? = nil, up: Bool? = nil, signalPercent: Int? = nil) {
        self.name = name
        self.up = up
        self.signalPercent = signalPercent
    }
}
