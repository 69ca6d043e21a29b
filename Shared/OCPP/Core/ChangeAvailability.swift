/// Takes a connector, or the whole charge point, into or out of service. Sent by the central system. OCPP 1.6 §5.2.
public enum ChangeAvailability {
    /// `ChangeAvailability.req`, OCPP 1.6 §6.7.
    public struct Request: Codable, Equatable, Sendable {
        /// The connector; 0 is the charge point with all of them. Not negative.
        public var connectorId: Int
        /// Into or out of service.
        public var type: AvailabilityType

        /// Takes the fields as they are.
        public init(connectorId: Int, type: AvailabilityType) {
            self.connectorId = connectorId
            self.type = type
        }

        /// Reads the fields and checks their ranges.
        /// - Throws: `DecodingError`; a value out of range carries `ConstraintViolation.property`.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            connectorId = try container.decode(.connectorId, in: 0...)
            type = try container.decode(AvailabilityType.self, forKey: .type)
        }
    }

    /// `ChangeAvailability.conf`, OCPP 1.6 §6.8.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether and when it happens.
        public var status: AvailabilityStatus

        /// Takes the fields as they are.
        public init(status: AvailabilityStatus) {
            self.status = status
        }
    }
}

/// What ChangeAvailability asks for. OCPP 1.6 §7.4.
public enum AvailabilityType: String, ClosedEnumeration {
    case inoperative = "Inoperative"
    case operative = "Operative"
}

/// The answer to ChangeAvailability. OCPP 1.6 §7.3.
public enum AvailabilityStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
    /// It happens when the running transaction has ended.
    case scheduled = "Scheduled"
}
