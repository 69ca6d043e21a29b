/// Gives a reservation up. Sent by the central system. OCPP 1.6 §5.1.
public enum CancelReservation {
    /// `CancelReservation.req`, OCPP 1.6 §6.5.
    public struct Request: Codable, Equatable, Sendable {
        /// Number of the reservation.
        public var reservationId: Int

        /// Takes the fields as they are.
        public init(reservationId: Int) {
            self.reservationId = reservationId
        }
    }

    /// `CancelReservation.conf`, OCPP 1.6 §6.6.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether there was one.
        public var status: CancelReservationStatus

        /// Takes the fields as they are.
        public init(status: CancelReservationStatus) {
            self.status = status
        }
    }
}

/// The answer to CancelReservation. OCPP 1.6 §7.5.
public enum CancelReservationStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
}
