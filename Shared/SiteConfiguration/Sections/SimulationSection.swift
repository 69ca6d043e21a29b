/// `simulation`: the world in front of simulated devices.
public struct SimulationSection: SiteReadable, Equatable, Sendable {
    public var energyTimeScale: Int
    /// Whether meter registers and plugged EVs survive a restart, as they do in reality.
    public var persistState: Bool
    /// Whether the simulated board is as dirty as a bad site: voltages that waver, readings that come late, twice or not at all.
    /// No is the clean board of a laboratory, for measuring.
    public var noise: Bool
    /// Phase to neutral.
    public var voltageVolts: Int
    /// Measurands of OCPP 1.6 §7.31 that the simulated meter gives beyond those of every meter; nil for those of a usual meter.
    public var measurands: [String]?

    /// What the simulated meter can give beyond what every meter gives. `HardwareIOTests` compares them with what it gives.
    public static let knownMeasurands = [
        "Current.Export", "Current.Import", "Energy.Active.Export.Register", "Energy.Reactive.Export.Register",
        "Energy.Reactive.Import.Register", "Power.Active.Export", "Power.Active.Import", "Power.Factor",
        "Power.Reactive.Export", "Power.Reactive.Import", "RPM", "SoC", "Temperature", "Voltage",
    ]

    public init(_ fields: Fields) {
        energyTimeScale = fields.integer(
            "energyTimeScale",
            1...10_000,
            default: 1,
            "How much faster than time the simulated meter counts."
        )
        persistState = fields.truth(
            "persistState",
            default: true,
            "Whether meter registers and plugged EVs survive a restart, as they do in reality."
        )
        noise = fields.truth(
            "noise",
            default: true,
            "Whether the simulated board is as dirty as a bad site: voltages that waver, readings that come late, twice or not at all. "
                + "No is the clean board of a laboratory, for measuring."
        )
        voltageVolts = fields.integer("voltageVolts", 100...400, default: 230, unit: "V", "Phase to neutral.")
        measurands = fields.words(
            "measurands",
            of: Self.knownMeasurands.map { SiteWord($0, "OCPP 1.6 §7.31") },
            most: 22,
            "What the simulated meter gives beyond what every meter gives. Default: what a usual meter gives."
        )
    }
}
