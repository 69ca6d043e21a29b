/// Removes charging profiles that match all given criteria. Sent by the central system. OCPP 1.6 §5.5.
public enum ClearChargingProfile {
    /// `ClearChargingProfile.req`, OCPP 1.6 §6.13.
    public struct Request: Codable, Equatable, Sendable {
        /// Exactly this profile, whatever the other fields say.
        public var id: Int?
        /// Those of a connector; 0 is the whole charge point.
        public var connectorId: Int?
        /// Those with a purpose.
        public var chargingProfilePurpose: ChargingProfilePurposeType?
        /// Those with a stack level.
        public var stackLevel: Int?

        /// Takes the fields as they are; optional ones default to absent.
        public init(
            id: Int? = nil,
            connectorId: Int? = nil,
            chargingProfilePurpose: ChargingProfilePurposeType? = nil,
            stackLevel: Int? = nil
        ) {
            self.id = id
            self.connectorId = connectorId
            self.chargingProfilePurpose = chargingProfilePurpose
            self.stackLevel = stackLevel
        }
    }

    /// `ClearChargingProfile.conf`, OCPP 1.6 §6.14.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether anything matched.
        public var status: ClearChargingProfileStatus

        /// Takes the fields as they are.
        public init(status: ClearChargingProfileStatus) {
            self.status = status
        }
    }
}

/// The answer to ClearChargingProfile. OCPP 1.6 §7.21.
public enum ClearChargingProfileStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    /// Nothing matched.
    case unknown = "Unknown"
}
