/// `mainMeter`: the meter between the grid and all connectors (OCPP 1.6 §4.7).
public struct MainMeterSection: SiteReadable, Equatable, Sendable {
    public var meter: DriverChoice
    /// Per phase.
    public var maximumCurrentAmps: Int
    /// 1 or 3.
    public var phases: Int

    public init(_ fields: Fields) {
        meter = fields.device("meter", .meter, "Who measures.")
        maximumCurrentAmps = fields.integer("maximumCurrentAmps", 6...2000, unit: "A", "Of the connection, per phase.")
        phases = fields.number("phases", of: [1, 3], "Of the mains connection.")
    }
}
