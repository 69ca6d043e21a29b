public import Primitives

/// A charging schedule with its purpose, priority and time of validity. OCPP 1.6 §7.8.
public struct ChargingProfile: Codable, Equatable, Sendable {
    /// Number of the profile.
    public var chargingProfileId: Int
    /// The transaction that a TxProfile is meant for.
    public var transactionId: Int?
    /// Priority: higher wins. Not negative.
    public var stackLevel: Int
    /// What it limits.
    public var chargingProfilePurpose: ChargingProfilePurposeType
    /// What its schedule is relative to.
    public var chargingProfileKind: ChargingProfileKindType
    /// How often a recurring schedule starts again.
    public var recurrencyKind: RecurrencyKindType?
    /// Not in force before; absent means at once.
    public var validFrom: Timestamp?
    /// Not in force from then on; absent means until replaced.
    public var validTo: Timestamp?
    /// The limits.
    public var chargingSchedule: ChargingSchedule

    /// Takes the fields as they are; optional ones default to absent.
    public init(
        chargingProfileId: Int,
        transactionId: Int? = nil,
        stackLevel: Int,
        chargingProfilePurpose: ChargingProfilePurposeType,
        chargingProfileKind: ChargingProfileKindType,
        recurrencyKind: RecurrencyKindType? = nil,
        validFrom: Timestamp? = nil,
        validTo: Timestamp? = nil,
        chargingSchedule: ChargingSchedule
    ) {
        self.chargingProfileId = chargingProfileId
        self.transactionId = transactionId
        self.stackLevel = stackLevel
        self.chargingProfilePurpose = chargingProfilePurpose
        self.chargingProfileKind = chargingProfileKind
        self.recurrencyKind = recurrencyKind
        self.validFrom = validFrom
        self.validTo = validTo
        self.chargingSchedule = chargingSchedule
    }

    /// Reads the fields and checks their ranges.
    /// - Throws: `DecodingError`; a value out of range carries `ConstraintViolation.property`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        chargingProfileId = try container.decode(Int.self, forKey: .chargingProfileId)
        transactionId = try container.decodeIfPresent(Int.self, forKey: .transactionId)
        stackLevel = try container.decode(.stackLevel, in: 0...)
        chargingProfilePurpose = try container.decode(ChargingProfilePurposeType.self, forKey: .chargingProfilePurpose)
        chargingProfileKind = try container.decode(ChargingProfileKindType.self, forKey: .chargingProfileKind)
        recurrencyKind = try container.decodeIfPresent(RecurrencyKindType.self, forKey: .recurrencyKind)
        validFrom = try container.decodeIfPresent(Timestamp.self, forKey: .validFrom)
        validTo = try container.decodeIfPresent(Timestamp.self, forKey: .validTo)
        chargingSchedule = try container.decode(ChargingSchedule.self, forKey: .chargingSchedule)
    }
}

/// What a charging profile limits. OCPP 1.6 §7.10.
public enum ChargingProfilePurposeType: String, ClosedEnumeration {
    /// The whole charge point.
    case chargePointMaxProfile = "ChargePointMaxProfile"
    /// Every transaction that has no profile of its own.
    case txDefaultProfile = "TxDefaultProfile"
    /// One transaction.
    case txProfile = "TxProfile"
}

/// What the schedule of a charging profile is relative to. OCPP 1.6 §7.9.
public enum ChargingProfileKindType: String, ClosedEnumeration {
    case absolute = "Absolute"
    case recurring = "Recurring"
    case relative = "Relative"
}

/// How often a recurring schedule starts again. OCPP 1.6 §7.37.
public enum RecurrencyKindType: String, ClosedEnumeration {
    case daily = "Daily"
    case weekly = "Weekly"
}
