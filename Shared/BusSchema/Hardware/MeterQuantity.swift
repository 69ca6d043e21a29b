/// A quantity that a meter, or a sensor beside it, gives beyond those of every `MeterReading`. That a reading carries it is how a meter
/// announces that it measures it.
public struct MeterQuantity: Codable, Equatable, Sendable {
    /// What is measured, spelled as the measurands of OCPP 1.6 §7.31. The name says the unit.
    public struct Measurand: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A: from the EV.
        public static let currentExport = Measurand(rawValue: "Current.Export")
        /// A: of the neutral conductor, as phase N.
        public static let currentImport = Measurand(rawValue: "Current.Import")
        /// Wh, never decreasing within an epoch.
        public static let energyActiveExportRegister = Measurand(rawValue: "Energy.Active.Export.Register")
        /// varh, never decreasing within an epoch.
        public static let energyReactiveExportRegister = Measurand(rawValue: "Energy.Reactive.Export.Register")
        /// varh, never decreasing within an epoch.
        public static let energyReactiveImportRegister = Measurand(rawValue: "Energy.Reactive.Import.Register")
        /// W.
        public static let powerActiveExport = Measurand(rawValue: "Power.Active.Export")
        /// W: of single phases; that of all together is `powerW` of the reading.
        public static let powerActiveImport = Measurand(rawValue: "Power.Active.Import")
        /// -1…1.
        public static let powerFactor = Measurand(rawValue: "Power.Factor")
        /// var.
        public static let powerReactiveExport = Measurand(rawValue: "Power.Reactive.Export")
        /// var.
        public static let powerReactiveImport = Measurand(rawValue: "Power.Reactive.Import")
        /// Revolutions per minute of the fan.
        public static let rpm = Measurand(rawValue: "RPM")
        /// Percent, where the EV tells it.
        public static let soC = Measurand(rawValue: "SoC")
        /// Degrees Celsius, inside the charger.
        public static let temperature = Measurand(rawValue: "Temperature")
        /// V: between phases, as L1-L2 and so on.
        public static let voltage = Measurand(rawValue: "Voltage")

        /// Every one that this version can give.
        public static let known: Set<Measurand> = [
            .currentExport, .currentImport, .energyActiveExportRegister, .energyReactiveExportRegister,
            .energyReactiveImportRegister, .powerActiveExport, .powerActiveImport, .powerFactor, .powerReactiveExport,
            .powerReactiveImport, .rpm, .soC, .temperature, .voltage,
        ]
    }

    /// Where in the installation, spelled as in OCPP 1.6 §7.34.
    public struct Phase: OpenEnum {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let l1 = Phase(rawValue: "L1")
        public static let l2 = Phase(rawValue: "L2")
        public static let l3 = Phase(rawValue: "L3")
        public static let n = Phase(rawValue: "N")
        public static let l1L2 = Phase(rawValue: "L1-L2")
        public static let l2L3 = Phase(rawValue: "L2-L3")
        public static let l3L1 = Phase(rawValue: "L3-L1")
    }

    /// Most of them in one reading; what comes after is not looked at.
    public static let mostInOneReading = 48

    public var measurand: Measurand
    /// Nil: the value of the whole.
    public var phase: Phase?
    /// In thousandths of the unit of `measurand`.
    public var thousandths: Int64

    public init(_ measurand: Measurand, phase: Phase? = nil, thousandths: Int64) {
        self.measurand = measurand
        self.phase = phase
        self.thousandths = thousandths
    }
}
