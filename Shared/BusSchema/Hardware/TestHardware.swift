/// Request: move one part of a connector, or read it, and say what it did. For whoever puts a charger into operation.
///
/// Refused under a permit, while an EV is connected, and while another test of the connector runs; each takes at most 4 s, and ends with everything
/// where it was when an EV comes, a permit is given, or a fault shows. It is hardware-io that ends it: an asker that goes away changes nothing. A
/// hardware-io before schema version 13 does not know it.
public struct TestHardware: BusRequest {
    public static let type = "hardware.test"
    public static let server = ServiceName.hardwareIO
    public static let access = BusAccess.people

    /// An unknown one is refused.
    public struct Part: RawRepresentable, Codable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        public var description: String { rawValue }

        /// The contactor closes for half a second: the contacts of the cable are live meanwhile.
        public static let relay = Part(rawValue: "relay")
        /// Locks, and lets go again.
        public static let lock = Part(rawValue: "lock")
        public static let meter = Part(rawValue: "meter")
        /// Carries 16 A for a second, nobody being there.
        public static let pilot = Part(rawValue: "pilot")
        /// The residual current device trips and recovers.
        public static let rcd = Part(rawValue: "rcd")
        /// All that the lights can show, half a second each.
        public static let led = Part(rawValue: "led")

        public static let known = [relay, lock, meter, pilot, rcd, led]
    }

    /// 1…n.
    public var connectorId: Int
    public var part: Part
    /// Required for the relay: whoever asks knows that the contacts of the cable are live for half a second.
    public var live: Bool?

    public init(connectorId: Int, part: Part, live: Bool? = nil) {
        self.connectorId = connectorId
        self.part = part
        self.live = live
    }

    public struct Reply: BusReply {
        public var passed: Bool
        /// What was seen, a sentence each, for people.
        public var findings: [String]

        public init(passed: Bool, findings: [String]) {
            self.passed = passed
            self.findings = findings
        }
    }
}
