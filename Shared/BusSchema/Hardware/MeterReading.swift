/// State: the newest reading of one connector's meter. Topic `hardware.meter.<connectorId>`.
public struct MeterReading: BusState {
    public static let type = "hardware.meter"
    public var instance: String? { String(connectorId) }

    public var connectorId: Int
    /// When the meter was read, UTC milliseconds since 1970.
    public var takenAt: Int64
    /// When the meter was read, uptime in milliseconds. A reading without a fresh one is stale.
    public var takenAtUptime: Int64
    /// Lifetime import register, never decreasing within an epoch, Wh (OCPP 1.6 §7.31).
    public var energyWh: Int64
    public var powerW: Int
    /// Phase to neutral, one per phase.
    public var voltageMillivolts: [Int]
    /// One per phase.
    public var currentMilliamps: [Int]
    public var frequencyMillihertz: Int?
    /// False while the meter does not answer or its values are not plausible; then the values are the last good ones.
    public var valid: Bool
    /// The `openSinceUptime` of the `ConnectorState` that this reading comes after: the meter was asked when the contactor had been
    /// open since then and current had settled, so the register holds all that flowed before that opening. Nil while current may flow
    /// or had not settled, and for readings that are not valid. Compare for equality; it is no time to calculate with.
    public var openSinceUptime: Int64?
    /// When the register began anew last, because service accepted that of a meter that was swapped or reset, or because nobody charged when
    /// what the meter shows began to count again; UTC milliseconds since 1970; nil when it never did. Registers of different epochs must not be subtracted. Compare for equality; it is no time to calculate with.
    public var registerEpoch: Int64?
    /// Of the meter; nil where it tells none.
    public var meterSerialNumber: String?
    /// The register that counts went on when another meter was put in, or when one came back with more than can have flowed: so much was
    /// added since to what the meter itself shows, Wh; nil while what it shows counts. May be negative.
    public var registerOffsetWh: Int64?
    /// When that happened, UTC milliseconds since 1970.
    public var registerOffsetSince: Int64?
    /// What the meter measures beyond that, each measurand and phase once; nil when it is nothing. A quantity that could not be read, or not be
    /// true, is missing while the others are there.
    public var quantities: [MeterQuantity]?

    public init(
        connectorId: Int,
        takenAt: Int64,
        takenAtUptime: Int64,
        energyWh: Int64,
        powerW: Int,
        voltageMillivolts: [Int],
        currentMilliamps: [Int],
        frequencyMillihertz: Int? = nil,
        valid: Bool,
        openSinceUptime: Int64? = nil,
        registerEpoch: Int64? = nil,
        meterSerialNumber: String? = nil,
        registerOffsetWh: Int64? = nil,
        registerOffsetSince: Int64? = nil,
        quantities: [MeterQuantity]? = nil
    ) {
        self.connectorId = connectorId
        self.takenAt = takenAt
        self.takenAtUptime = takenAtUptime
        self.energyWh = energyWh
        self.powerW = powerW
        self.voltageMillivolts = voltageMillivolts
        self.currentMilliamps = currentMilliamps
        self.frequencyMillihertz = frequencyMillihertz
        self.valid = valid
        self.openSinceUptime = openSinceUptime
        self.registerEpoch = registerEpoch
        self.meterSerialNumber = meterSerialNumber
        self.registerOffsetWh = registerOffsetWh
        self.registerOffsetSince = registerOffsetSince
        self.quantities = quantities
    }
}
