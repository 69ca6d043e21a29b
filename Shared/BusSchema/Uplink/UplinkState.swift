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

        public init(
            name: String,
            driver: String,
            link: Link,
            detail: String,
            interface: String? = nil,
            signalPercent: Int? = nil
        ) {
            self.name = name
            self.driver = driver
            self.link = link
            self.detail = detail
            self.interface = interface
            self.signalPercent = signalPercent
        }
    }

    /// Whether traffic can flow at all: that of the active uplink.
    public var link: Link
    /// Name of the uplink in use; nil when none is up.
    public var active: String?
    /// Since when `link` holds, UTC milliseconds since 1970.
    public var since: Int64
    public var uplinks: [Uplink]
    /// What the gateway last reported of the end-to-end connection; nil before the first report.
    public var endToEnd: UplinkReport.Health?

    /// Of the uplink in use; nil when none is, or when it measures none.
    public var signalPercent: Int? { uplinks.first { $0.name == active }?.signalPercent }

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

    public init(health: Health, detail: String? = nil) {
        self.health = health
        self.detail = detail
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
