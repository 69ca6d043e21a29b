/// State: whether one device of the charger answers, and how well. Topic `hardware.device.<name>`: `hardware.device.meter-1`,
/// `hardware.device.reader-1`, `hardware.device.main-meter`.
public struct DeviceState: BusState {
    public static let type = "hardware.device"
    public var instance: String? { name }

    public struct Condition: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Nothing was heard of it yet.
        public static let starting = Condition(rawValue: "starting")
        public static let ok = Condition(rawValue: "ok")
        /// It answers, with errors on the way.
        public static let degraded = Condition(rawValue: "degraded")
        /// It does not answer; it is tried for ever.
        public static let lost = Condition(rawValue: "lost")
    }

    /// Something that is counted from the start of the service on.
    public struct Counter: Codable, Equatable, Sendable {
        public struct Name: OpenEnum {
            public let rawValue: String
            public init(rawValue: String) { self.rawValue = rawValue }

            /// Questions that were answered, or frames that were understood.
            public static let exchanges = Name(rawValue: "exchanges")
            /// Questions that were not.
            public static let timeouts = Name(rawValue: "timeouts")
            public static let checksumErrors = Name(rawValue: "checksumErrors")
            /// Bytes that belong to no frame.
            public static let framingErrors = Name(rawValue: "framingErrors")
            /// Answers that refuse.
            public static let exceptions = Name(rawValue: "exceptions")
            /// Openings of its port after the first.
            public static let reopens = Name(rawValue: "reopens")
        }

        public var name: Name
        /// 0 or more.
        public var count: Int64

        public init(_ name: Name, _ count: Int64) {
            self.name = name
            self.count = count
        }
    }

    public var name: String
    /// For people: `meter of connector 1`.
    public var about: String
    /// Its driver, as in `charger.json`.
    public var driver: String
    public var simulated: Bool
    public var condition: Condition
    /// Why it is not ok, for people; nil when it is.
    public var detail: String?
    /// What it cannot do by the way that it is built, for people; nil when that is nothing.
    public var remark: String?
    /// Only those that its driver counts.
    public var counters: [Counter]

    public init(
        name: String,
        about: String,
        driver: String,
        simulated: Bool,
        condition: Condition,
        detail: String? = nil,
        remark: String? = nil,
        counters: [Counter] = []
    ) {
        self.name = name
        self.about = about
        self.driver = driver
        self.simulated = simulated
        self.condition = condition
        self.detail = detail
        self.remark = remark
        self.counters = counters
    }
}
