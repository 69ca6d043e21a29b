/// Installs a charging profile. Sent by the central system. OCPP 1.6 §5.16.
public enum SetChargingProfile {
    /// `SetChargingProfile.req`, OCPP 1.6 §6.43.
    public struct Request: Codable, Equatable, Sendable {
        /// The connector; 0 is the whole charge point. Not negative.
        public var connectorId: Int
        /// The profile; one, in spite of the name.
        public var csChargingProfiles: ChargingProfile

        /// Takes the fields as they are.
        public init(connectorId: Int, csChargingProfiles: ChargingProfile) {
            self.connectorId = connectorId
            self.csChargingProfiles = csChargingProfiles
        }

        /// Reads the fields and checks their ranges.
        /// - Throws: `DecodingError`; a value out of range carries `ConstraintViolation.property`.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            connectorId = try container.decode(.connectorId, in: 0...)
            csChargingProfiles = try container.decode(ChargingProfile.self, forKey: .csChargingProfiles)
        }
    }

    /// `SetChargingProfile.conf`, OCPP 1.6 §6.44.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether it was installed.
        public var status: ChargingProfileStatus

        /// Takes the fields as they are.
        public init(status: ChargingProfileStatus) {
            self.status = status
        }
    }
}

/// The answer to SetChargingProfile. OCPP 1.6 §7.11.
public enum ChargingProfileStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
    /// Not to be sent for missing smart charging: that is a CALLERROR (E §3.39).
    case notSupported = "NotSupported"
}
