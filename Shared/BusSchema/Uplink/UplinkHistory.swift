/// Request: what happened to the uplinks, the newest entries, oldest first.
public struct UplinkHistory: BusRequest {
    public static let type = "uplink.history"
    public static let server = ServiceName.modemManager
    public static let access = BusAccess.people

    /// How many entries at most, 1…500; nil means 100.
    public var limit: Int?
    /// Only those before this number, to page back; nil means the newest.
    public var before: Int64?

    public init(limit: Int? = nil, before: Int64? = nil) {
        self.limit = limit
        self.before = before
    }

    public struct Reply: BusReply {
        public var entries: [Entry]
        /// What `before` must be for the entries before these; nil when there are none.
        public var next: Int64?

        public init(entries: [Entry], next: Int64? = nil) {
            self.entries = entries
            self.next = next
        }
    }

    /// What an entry is about.
    public struct Kind: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The modem manager began to watch, or stopped.
        public static let started = Kind(rawValue: "started")
        public static let ended = Kind(rawValue: "ended")
        /// The link of an uplink is up, down, or not known.
        public static let up = Kind(rawValue: "up")
        public static let down = Kind(rawValue: "down")
        public static let unknown = Kind(rawValue: "unknown")
        /// The link is as it was, the reason is another one.
        public static let detail = Kind(rawValue: "detail")
        /// Another uplink is in use, or none.
        public static let active = Kind(rawValue: "active")
        /// How far one gets over an uplink changed.
        public static let health = Kind(rawValue: "health")
        /// The ladder took a step.
        public static let step = Kind(rawValue: "step")
        /// Another cell or operator.
        public static let cell = Kind(rawValue: "cell")
        /// The data budget of the month is used up to a mark.
        public static let budget = Kind(rawValue: "budget")
    }

    /// One thing that happened.
    public struct Entry: Codable, Equatable, Sendable {
        /// Grows from entry to entry.
        public var number: Int64
        public var kind: Kind
        /// The uplink; nil where it concerns all of them.
        public var uplink: String?
        /// Why, for people.
        public var reason: String
        /// Of the boot in which it happened.
        public var bootId: String
        /// Milliseconds since that boot.
        public var uptime: Int64
        /// UTC milliseconds since 1970, corrected by what the clock knew later; nil while nobody knows.
        public var at: Int64?
        public var interface: String?
        public var signalPercent: Int?
        public var radio: UplinkRadio?
        /// Carried in this month so far, both ways.
        public var monthBytes: Int64?

        public init(
            number: Int64,
            kind: Kind,
            uplink: String?,
            reason: String,
            bootId: String,
            uptime: Int64,
            at: Int64?,
            interface: String? = nil,
            signalPercent: Int? = nil,
            radio: UplinkRadio? = nil,
            monthBytes: Int64? = nil
        ) {
            self.number = number
            self.kind = kind
            self.uplink = uplink
            self.reason = reason
            self.bootId = bootId
            self.uptime = uptime
            self.at = at
            self.interface = interface
            self.signalPercent = signalPercent
            self.radio = radio
            self.monthBytes = monthBytes
        }
    }
}
