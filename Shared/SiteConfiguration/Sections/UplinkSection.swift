internal import JSON

/// One element of `uplinks`: a way to the network.
public struct UplinkSection: SiteReadable, Equatable, Sendable {
    /// Unique.
    public var name: String
    /// Who keeps it up.
    public var driver: DriverChoice
    /// Network interface; nil for any that is neither the loopback nor another uplink's, or for what the driver brings along.
    public var interface: String?
    /// 10^6 bytes that its contract has for a month, both ways; nil where nothing is counted.
    public var monthlyMegabytes: Int?
    /// 1…28, the day on which a month of the contract begins.
    public var billingDay: Int
    /// Whether the whole machine may be started anew when nothing else brings it back.
    public var rebootHost: Bool

    public init(_ fields: Fields) {
        name = fields.text("name", 1...20, "Unique among the uplinks.")
        driver = fields.uplink("driver", "Who keeps it up.")
        interface = fields.optionalText("interface", 1...15, "Default: any but the loopback and other uplinks'.")
        monthlyMegabytes = fields.optionalInteger(
            "monthlyMegabytes",
            1...10_000_000,
            unit: "MB",
            "Data that the contract has for a month, both ways; there are warnings at 80 and 100 %. Default: not counted."
        )
        billingDay = fields.integer("billingDay", 1...28, default: 1, "Day on which a month of the contract begins.")
        rebootHost = fields.truth(
            "rebootHost",
            default: false,
            "Whether the machine is started anew when nothing else brings it back: six hours apart at least, never during a transaction."
        )
    }

    /// What a file without the section means.
    static let standard: UplinkSection = {
        var members = JSONObject()
        members["name"] = "network"
        members["driver"] = "static"
        return UplinkSection(Fields(members, at: "", Reading(file: "", unknownKeys: .ignored)))
    }()
}
