/// Request: walk the way to the central system over one uplink, step by step, and say how long each took.
public struct UplinkTest: BusRequest {
    public static let type = "uplink.test"
    public static let server = ServiceName.modemManager
    public static let access = BusAccess.people

    /// Nil means the active one, or the first of the file when none is.
    public var uplink: String?

    public init(uplink: String? = nil) { self.uplink = uplink }

    public struct Reply: BusReply {
        public var uplink: String
        /// From the SIM to BootNotification, all of them; those behind one that failed are skipped.
        public var steps: [Step]

        public init(uplink: String, steps: [Step]) {
            self.uplink = uplink
            self.steps = steps
        }
    }

    public struct Outcome: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let ok = Outcome(rawValue: "ok")
        public static let failed = Outcome(rawValue: "failed")
        /// There is nothing of the kind, or it would disturb what works.
        public static let skipped = Outcome(rawValue: "skipped")
    }

    public struct Step: Codable, Equatable, Sendable {
        /// `sim`, `registration`, `address`, `dns`, `tcp`, `tls`, `webSocket`, `boot`.
        public var name: String
        public var outcome: Outcome
        /// What was found, for people; why it was not tried, where it was skipped.
        public var detail: String
        /// Nil where nothing was waited for. What was not done for this test says how long it took when it was done last.
        public var milliseconds: Int64?

        public init(name: String, outcome: Outcome, detail: String, milliseconds: Int64? = nil) {
            self.name = name
            self.outcome = outcome
            self.detail = detail
            self.milliseconds = milliseconds
        }
    }
}
