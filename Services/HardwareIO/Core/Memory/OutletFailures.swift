/// What went wrong at one connector and keeps its contactor open until somebody has done something about it, over restarts too. In files it stands among
/// the other members of whatever holds it.
public struct OutletFailures: Codable, Equatable, Sendable {
    /// What the contactor did wrong and nobody has cleared yet.
    public var contactorFailure: String?
    /// The mirror contact did not show a closing that was taken back: the cable counts as live. Nil is no.
    public var mirrorIsUnproven: Bool?
    /// A residual current that nobody has cleared yet, and whose EV has not left.
    public var groundFailure: String?
    /// A draw above the offer that nobody has cleared yet, and whose EV has not left; nil in files of a version that did not keep it.
    public var overCurrentFailure: String?
    /// What the phase contactor did wrong and nobody has cleared yet; nil in files of a version that did not keep it.
    public var phaseFailure: String?
    /// An EV showed no diode, and has not left. Nil is no, and in files of a version that did not keep it.
    public var diodeIsMissing: Bool?

    public init(
        contactorFailure: String? = nil,
        mirrorIsUnproven: Bool? = nil,
        groundFailure: String? = nil,
        overCurrentFailure: String? = nil,
        phaseFailure: String? = nil,
        diodeIsMissing: Bool? = nil
    ) {
        self.contactorFailure = contactorFailure
        self.mirrorIsUnproven = mirrorIsUnproven
        self.groundFailure = groundFailure
        self.overCurrentFailure = overCurrentFailure
        self.phaseFailure = phaseFailure
        self.diodeIsMissing = diodeIsMissing
    }

    /// With what another one knows besides.
    func or(_ other: OutletFailures) -> OutletFailures {
        OutletFailures(
            contactorFailure: contactorFailure ?? other.contactorFailure,
            mirrorIsUnproven: mirrorIsUnproven ?? other.mirrorIsUnproven,
            groundFailure: groundFailure ?? other.groundFailure,
            overCurrentFailure: overCurrentFailure ?? other.overCurrentFailure,
            phaseFailure: phaseFailure ?? other.phaseFailure,
            diodeIsMissing: diodeIsMissing ?? other.diodeIsMissing
        )
    }
}

// Flat: the members of the failures stand beside the others.
extension HardwareMemory.Outlet {
    private enum CodingKeys: String, CodingKey {
        case connectorId, trips, registerWh, registerEpoch, refusedRegisterWh, meter, recentStarts, recentClosings
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        connectorId = try members.decode(Int.self, forKey: .connectorId)
        failures = try OutletFailures(from: decoder)
        trips = try members.decode([HardwareMemory.Trip].self, forKey: .trips)
        registerWh = try members.decodeIfPresent(Int64.self, forKey: .registerWh)
        registerEpoch = try members.decodeIfPresent(Int64.self, forKey: .registerEpoch)
        refusedRegisterWh = try members.decodeIfPresent(Int64.self, forKey: .refusedRegisterWh)
        meter = try members.decodeIfPresent(HardwareMemory.Meter.self, forKey: .meter)
        recentStarts = try members.decodeIfPresent(Int.self, forKey: .recentStarts)
        recentClosings = try members.decodeIfPresent(Int.self, forKey: .recentClosings)
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(connectorId, forKey: .connectorId)
        try failures.encode(to: encoder)
        try members.encode(trips, forKey: .trips)
        try members.encodeIfPresent(registerWh, forKey: .registerWh)
        try members.encodeIfPresent(registerEpoch, forKey: .registerEpoch)
        try members.encodeIfPresent(refusedRegisterWh, forKey: .refusedRegisterWh)
        try members.encodeIfPresent(meter, forKey: .meter)
        try members.encodeIfPresent(recentStarts, forKey: .recentStarts)
        try members.encodeIfPresent(recentClosings, forKey: .recentClosings)
    }
}

extension OutletLatches {
    private enum CodingKeys: String, CodingKey {
        case connectorId, refusedRegisterWh, meterStandstill, residualCurrentTestSince
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        connectorId = try members.decode(Int.self, forKey: .connectorId)
        failures = try OutletFailures(from: decoder)
        refusedRegisterWh = try members.decodeIfPresent(Int64.self, forKey: .refusedRegisterWh)
        meterStandstill = try members.decodeIfPresent(String.self, forKey: .meterStandstill)
        residualCurrentTestSince = try members.decodeIfPresent(Int64.self, forKey: .residualCurrentTestSince)
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(connectorId, forKey: .connectorId)
        try failures.encode(to: encoder)
        try members.encodeIfPresent(refusedRegisterWh, forKey: .refusedRegisterWh)
        try members.encodeIfPresent(meterStandstill, forKey: .meterStandstill)
        try members.encodeIfPresent(residualCurrentTestSince, forKey: .residualCurrentTestSince)
    }
}
