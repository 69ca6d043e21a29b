public import Primitives

/// Keeps a connector for an identifier. Sent by the central system. OCPP 1.6 §5.13.
public enum ReserveNow {
    /// `ReserveNow.req`, OCPP 1.6 §6.37.
    public struct Request: Codable, Equatable, Sendable {
        /// The connector; 0 means any. Not negative.
        public var connectorId: Int
        /// When the reservation ends.
        public var expiryDate: Timestamp
        /// For whom.
        public var idTag: IdToken
        /// The group of `idTag`.
        public var parentIdTag: IdToken?
        /// Number of the reservation; a known one is replaced.
        public var reservationId: Int

        /// Takes the fields as they are; optional ones default to absent.
        public init(
            connectorId: Int,
            expiryDate: Timestamp,
            idTag: IdToken,
            parentIdTag: IdToken? = nil,
            reservationId: Int
        ) {
            self.connectorId = connectorId
            self.expiryDate = expiryDate
            self.idTag = idTag
            self.parentIdTag = parentIdTag
            self.reservationId = reservationId
        }

        /// Reads the fields and checks their ranges.
        /// - Throws: `DecodingError`; a value out of range carries `ConstraintViolation.property`.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            connectorId = try container.decode(.connectorId, in: 0...)
            expiryDate = try container.decode(Timestamp.self, forKey: .expiryDate)
            idTag = try container.decode(IdToken.self, forKey: .idTag)
            parentIdTag = try container.decodeIfPresent(IdToken.self, forKey: .parentIdTag)
            reservationId = try container.decode(Int.self, forKey: .reservationId)
        }
    }

    /// `ReserveNow.conf`, OCPP 1.6 §6.38.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether the connector is kept.
        public var status: ReservationStatus

        /// Takes the fields as they are.
        public init(status: ReservationStatus) {
            self.status = status
        }
    }
}

/// The answer to ReserveNow. OCPP 1.6 §7.40.
public enum ReservationStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case faulted = "Faulted"
    case occupied = "Occupied"
    /// This charge point takes no reservations.
    case rejected = "Rejected"
    case unavailable = "Unavailable"
}
