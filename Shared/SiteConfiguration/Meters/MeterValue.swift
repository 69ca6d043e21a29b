internal import JSON

/// One value of a meter: what it is, and where.
public struct MeterValue: SiteReadable, Equatable, Sendable {
    public var quantity: MeterMeasure
    /// Nil: of all together.
    public var phase: MeterPhase?
    /// 3 or 4.
    public var function: Int
    /// The first register, counted from 0.
    public var address: UInt16
    public var type: MeterRegisterType
    public var unit: MeterUnit
    public var divisor: Int
    /// A signed register with the power of ten that the value is to be multiplied by; nil where there is none.
    public var exponentAddress: UInt16?

    public init(_ fields: Fields) {
        quantity = fields.choice("quantity", "The measurand, as OCPP 1.6 §7.31 spells it.")
        let phases = MeterPhase.allCases.map { SiteWord($0.rawValue, $0.about) }
        phase = fields.optionalWord("phase", of: phases, "Of which phase; absent for all together.")
            .flatMap(MeterPhase.init(rawValue:))
        function = fields.integer("function", 3...4, default: 4, "The Modbus function: 3 holding, 4 input registers.")
        address = fields.address("address", "Its first register as on the wire, counted from 0.")
        type = fields.choice("type", "How it is written.")
        unit = fields.choice("unit", "Of the value after division.")
        divisor = fields.integer("divideBy", 1...1_000_000, default: 1, "What the register has to be divided by.")
        exponentAddress = fields.optionalAddress(
            "exponentAddress",
            "A signed register with the power of ten that the value is to be multiplied by."
        )
        if fields.isRight("quantity"), fields.isRight("unit"), unit.dimension != quantity.dimension {
            let units = MeterUnit.allCases.filter { $0.dimension == quantity.dimension }
            let words = units.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            fields.note("unit", "expected \(words) for \(quantity.rawValue), found \"\(unit.rawValue)\"")
        }
        if Int(address) + type.registers > 0x10000 { fields.note("address", "the value ends behind the last register") }
    }
}

extension [MeterValue] {
    func contains(_ quantity: MeterMeasure, phase: MeterPhase?) -> Bool {
        contains { $0.quantity == quantity && $0.phase == phase }
    }
}

/// What a meter may measure, spelled as in OCPP 1.6 §7.31.
public enum MeterMeasure: String, SiteChoice, Sendable {
    case energyImport = "Energy.Active.Import.Register"
    case energyExport = "Energy.Active.Export.Register"
    case reactiveEnergyImport = "Energy.Reactive.Import.Register"
    case reactiveEnergyExport = "Energy.Reactive.Export.Register"
    case power = "Power.Active.Import"
    case reactivePower = "Power.Reactive.Import"
    case powerFactor = "Power.Factor"
    case voltage = "Voltage"
    case current = "Current.Import"
    case frequency = "Frequency"
    case temperature = "Temperature"

    var about: String {
        switch self {
        case .energyImport: "the register that is billed: what was taken from the grid, never with what was given back"
        case .energyExport: "the register of what was given back"
        case .reactiveEnergyImport: "the register of reactive energy that was taken"
        case .reactiveEnergyExport: "the register of reactive energy that was given back"
        case .power: "active power; negative while power is given back"
        case .reactivePower: "reactive power; negative while it is given back"
        case .powerFactor: "active through apparent power"
        case .voltage: "between phase and neutral, or between two phases"
        case .current: "of a phase, or of the neutral conductor"
        case .frequency: "of the mains"
        case .temperature: "inside the meter"
        }
    }

    fileprivate var dimension: MeterUnit.Dimension {
        switch self {
        case .energyImport, .energyExport: .energy
        case .reactiveEnergyImport, .reactiveEnergyExport: .reactiveEnergy
        case .power: .power
        case .reactivePower: .reactivePower
        case .powerFactor: .number
        case .voltage: .voltage
        case .current: .current
        case .frequency: .frequency
        case .temperature: .temperature
        }
    }
}

/// Spelled as in OCPP 1.6 §7.34.
public enum MeterPhase: String, SiteChoice, Sendable {
    case l1 = "L1"
    case l2 = "L2"
    case l3 = "L3"
    case neutral = "N"
    case l1L2 = "L1-L2"
    case l2L3 = "L2-L3"
    case l3L1 = "L3-L1"

    var about: String {
        switch self {
        case .l1, .l2, .l3: "phase \(rawValue)"
        case .neutral: "the neutral conductor"
        case .l1L2, .l2L3, .l3L1: "between two phases"
        }
    }
}

/// How a value is written into registers.
public enum MeterRegisterType: String, SiteChoice, Sendable {
    case int16, uint16, int32, uint32, int64, float32
    /// As Iskra writes it (type T6): a signed power of ten in the highest 8 bits, a signed number in the 24 below.
    case decimal24
    /// The same with a number without sign (type T5).
    case unsignedDecimal24

    /// How many registers it takes.
    public var registers: Int {
        switch self {
        case .int16, .uint16: 1
        case .int32, .uint32, .float32, .decimal24, .unsignedDecimal24: 2
        case .int64: 4
        }
    }

    var about: String {
        switch self {
        case .int16: "16 bits, signed"
        case .uint16: "16 bits"
        case .int32: "32 bits, signed"
        case .uint32: "32 bits"
        case .int64: "64 bits, signed"
        case .float32: "IEEE 754, 32 bits"
        case .decimal24: "8 bits of a signed power of ten, 24 bits of a signed number"
        case .unsignedDecimal24: "8 bits of a signed power of ten, 24 bits of a number"
        }
    }
}

/// Which register of a value comes first.
public enum MeterWordOrder: String, SiteChoice, Sendable {
    case highFirst, lowFirst

    var about: String { self == .highFirst ? "the most significant register first" : "the least significant one first" }
}

/// Units of a meter's values.
public enum MeterUnit: String, SiteChoice, Sendable {
    case volt = "V"
    case millivolt = "mV"
    case ampere = "A"
    case milliampere = "mA"
    case watt = "W"
    case kilowatt = "kW"
    case reactive = "var"
    case kiloreactive = "kvar"
    case hertz = "Hz"
    case millihertz = "mHz"
    case wattHour = "Wh"
    case kilowattHour = "kWh"
    case megawattHour = "MWh"
    case reactiveHour = "varh"
    case kiloreactiveHour = "kvarh"
    case one = "1"
    case celsius = "Celsius"

    fileprivate enum Dimension {
        case voltage, current, power, reactivePower, frequency, energy, reactiveEnergy, number, temperature
    }

    /// Of V, A, W, var, Hz, Wh, varh or °C, in thousandths.
    public var thousandths: Double {
        switch self {
        case .volt, .ampere, .watt, .reactive, .hertz, .wattHour, .reactiveHour, .one, .celsius: 1000
        case .millivolt, .milliampere, .millihertz: 1
        case .kilowatt, .kiloreactive, .kilowattHour, .kiloreactiveHour: 1_000_000
        case .megawattHour: 1_000_000_000
        }
    }

    fileprivate var dimension: Dimension {
        switch self {
        case .volt, .millivolt: .voltage
        case .ampere, .milliampere: .current
        case .watt, .kilowatt: .power
        case .reactive, .kiloreactive: .reactivePower
        case .hertz, .millihertz: .frequency
        case .wattHour, .kilowattHour, .megawattHour: .energy
        case .reactiveHour, .kiloreactiveHour: .reactiveEnergy
        case .one: .number
        case .celsius: .temperature
        }
    }

    var about: String {
        switch dimension {
        case .number: "a number without unit"
        case .temperature: "degrees Celsius"
        default: rawValue
        }
    }
}
