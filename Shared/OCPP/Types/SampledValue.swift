/// One reading. Absent fields have the defaults that the specification gives them. OCPP 1.6 §7.43.
public struct SampledValue: Codable, Equatable, Sendable {
    /// A decimal number as text, or signed data.
    public var value: String
    /// Why it was taken; absent means `samplePeriodic`.
    public var context: ReadingContext?
    /// How `value` is to be read; absent means `raw`.
    public var format: ValueFormat?
    /// What it measures; absent means `energyActiveImportRegister`.
    public var measurand: Measurand?
    /// Which phases; absent means all together.
    public var phase: Phase?
    /// Where; absent means `outlet`.
    public var location: Location?
    /// Unit of `value`; absent means `wh` for an energy.
    public var unit: UnitOfMeasure?

    /// Takes the fields as they are; optional ones default to absent.
    public init(
        value: String,
        context: ReadingContext? = nil,
        format: ValueFormat? = nil,
        measurand: Measurand? = nil,
        phase: Phase? = nil,
        location: Location? = nil,
        unit: UnitOfMeasure? = nil
    ) {
        self.value = value
        self.context = context
        self.format = format
        self.measurand = measurand
        self.phase = phase
        self.location = location
        self.unit = unit
    }
}

/// Why a reading was taken. OCPP 1.6 §7.35.
public enum ReadingContext: String, ClosedEnumeration {
    case interruptionBegin = "Interruption.Begin"
    case interruptionEnd = "Interruption.End"
    case other = "Other"
    case sampleClock = "Sample.Clock"
    case samplePeriodic = "Sample.Periodic"
    case transactionBegin = "Transaction.Begin"
    case transactionEnd = "Transaction.End"
    case trigger = "Trigger"
}

/// How the value of a reading is to be read. OCPP 1.6 §7.49.
public enum ValueFormat: String, ClosedEnumeration {
    case raw = "Raw"
    case signedData = "SignedData"
}

/// The phases that a reading is about. OCPP 1.6 §7.34.
public enum Phase: String, ClosedEnumeration {
    case l1 = "L1"
    case l2 = "L2"
    case l3 = "L3"
    case n = "N"
    case l1N = "L1-N"
    case l2N = "L2-N"
    case l3N = "L3-N"
    case l1L2 = "L1-L2"
    case l2L3 = "L2-L3"
    case l3L1 = "L3-L1"
}

/// Where a reading was taken. OCPP 1.6 §7.30.
public enum Location: String, ClosedEnumeration {
    case body = "Body"
    case cable = "Cable"
    case ev = "EV"
    case inlet = "Inlet"
    case outlet = "Outlet"
}
