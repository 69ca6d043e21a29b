/// Starts a transaction from afar. Sent by the central system. OCPP 1.6 §5.11.
public enum RemoteStartTransaction {
    /// `RemoteStartTransaction.req`, OCPP 1.6 §6.33.
    public struct Request: Codable, Equatable, Sendable {
        /// The connector, above 0; absent lets the charge point choose. Not checked here: a wrong one is answered with
        /// Rejected.
        public var connectorId: Int?
        /// The identifier to start with.
        public var idTag: IdToken
        /// Limits for this transaction; its purpose must be TxProfile.
        public var chargingProfile: ChargingProfile?

        /// Takes the fields as they are; optional ones default to absent.
        public init(connectorId: Int? = nil, idTag: IdToken, chargingProfile: ChargingProfile? = nil) {
            self.connectorId = connectorId
            self.idTag = idTag
            self.chargingProfile = chargingProfile
        }
    }

    /// `RemoteStartTransaction.conf`, OCPP 1.6 §6.34.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether the charge point tries.
        public var status: RemoteStartStopStatus

        /// Takes the fields as they are.
        public init(status: RemoteStartStopStatus) {
            self.status = status
        }
    }
}
