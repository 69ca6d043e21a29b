public import BusSchema
public import HardwareCore

/// What is simulated.
public struct SimulationConfiguration: Equatable, Sendable {
    public var connectors: [ConnectorConfiguration]
    public var readerIds: [Int]
    /// Of all noise.
    public var seed: UInt64
    /// Mains, phase to neutral, mV.
    public var nominalMillivolts: Int
    /// Highest current of an EV that is plugged without saying more, mA per phase.
    public var vehicleMilliamps: Int
    /// What the battery of such an EV still takes, Wh.
    public var vehicleBatteryWh: Int64
    /// Register of a meter that was never seen before, Wh.
    public var firstRegisterWh: Int64
    /// How dirty the board is.
    public var noise: SimulatedNoise
    /// What the meter measures beyond what every meter does.
    public var measurands: Set<MeterQuantity.Measurand>
    /// Nil where there is none.
    public var mainMeter: MainMeterConfiguration?

    /// What meters of wallboxes give: no state of charge, which an EV tells nobody over IEC 61851, and no fan.
    public static let standardMeasurands: Set<MeterQuantity.Measurand> = [
        .currentExport, .currentImport, .energyActiveExportRegister, .energyReactiveExportRegister,
        .energyReactiveImportRegister, .powerActiveExport, .powerActiveImport, .powerFactor, .powerReactiveExport,
        .powerReactiveImport, .temperature, .voltage,
    ]

    public init(
        connectors: [ConnectorConfiguration],
        readerIds: [Int],
        seed: UInt64 = 1,
        nominalMillivolts: Int = 230_000,
        vehicleMilliamps: Int = 32_000,
        vehicleBatteryWh: Int64 = 40_000,
        firstRegisterWh: Int64 = 0,
        noise: SimulatedNoise = SimulatedNoise(),
        measurands: Set<MeterQuantity.Measurand> = standardMeasurands,
        mainMeter: MainMeterConfiguration? = nil
    ) {
        self.connectors = connectors
        self.readerIds = readerIds
        self.seed = seed
        self.nominalMillivolts = nominalMillivolts
        self.vehicleMilliamps = vehicleMilliamps
        self.vehicleBatteryWh = vehicleBatteryWh
        self.firstRegisterWh = firstRegisterWh
        self.noise = noise
        self.measurands = measurands
        self.mainMeter = mainMeter
    }
}
