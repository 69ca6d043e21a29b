public import Primitives

/// Limits over time. OCPP 1.6 §7.13.
public struct ChargingSchedule: Codable, Equatable, Sendable {
    /// Length in seconds; absent means the last period goes on.
    public var duration: Int?
    /// Start of an absolute schedule; absent means relative to the start of charging.
    public var startSchedule: Timestamp?
    /// Unit of the limits.
    public var chargingRateUnit: ChargingRateUnitType
    /// The periods; the first should start at 0.
    public var chargingSchedulePeriod: OneOrMore<ChargingSchedulePeriod>
    /// Below this the car charges badly.
    public var minChargingRate: ChargingRate?

    /// Takes the fields as they are; optional ones default to absent.
    public init(
        duration: Int? = nil,
        startSchedule: Timestamp? = nil,
        chargingRateUnit: ChargingRateUnitType,
        chargingSchedulePeriod: OneOrMore<ChargingSchedulePeriod>,
        minChargingRate: ChargingRate? = nil
    ) {
        self.duration = duration
        self.startSchedule = startSchedule
        self.chargingRateUnit = chargingRateUnit
        self.chargingSchedulePeriod = chargingSchedulePeriod
        self.minChargingRate = minChargingRate
    }
}

/// One limit and when it begins. OCPP 1.6 §7.14.
public struct ChargingSchedulePeriod: Codable, Equatable, Sendable {
    /// Seconds from the start of the schedule. Not negative.
    public var startPeriod: Int
    /// The limit, in the unit of the schedule.
    public var limit: ChargingRate
    /// Phases that may be used; absent means 3.
    public var numberPhases: Int?

    /// Takes the fields as they are; optional ones default to absent.
    public init(startPeriod: Int, limit: ChargingRate, numberPhases: Int? = nil) {
        self.startPeriod = startPeriod
        self.limit = limit
        self.numberPhases = numberPhases
    }

    /// Reads the fields and checks their ranges.
    /// - Throws: `DecodingError`; a value out of range carries `ConstraintViolation.property`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        startPeriod = try container.decode(.startPeriod, in: 0...)
        limit = try container.decode(ChargingRate.self, forKey: .limit)
        numberPhases = try container.decodeIfPresent(Int.self, forKey: .numberPhases)
    }
}

/// Unit of a charging schedule. OCPP 1.6 §7.12.
public enum ChargingRateUnitType: String, ClosedEnumeration {
    /// Amperes per phase.
    case a = "A"
    /// Watts, all phases together.
    case w = "W"
}
