/// Unlocks the cable. Sent by the central system. OCPP 1.6 §5.18.
public enum UnlockConnector {
    /// `UnlockConnector.req`, OCPP 1.6 §6.53.
    public struct Request: Codable, Equatable, Sendable {
        /// The connector, above 0. Not checked here: an unknown one is answered with NotSupported (E §3.87).
        public var connectorId: Int

        /// Takes the fields as they are.
        public init(connectorId: Int) {
            self.connectorId = connectorId
        }
    }

    /// `UnlockConnector.conf`, OCPP 1.6 §6.54.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether it is unlocked.
        public var status: UnlockStatus

        /// Takes the fields as they are.
        public init(status: UnlockStatus) {
            self.status = status
        }
    }
}

/// The answer to UnlockConnector. OCPP 1.6 §7.46.
public enum UnlockStatus: String, ClosedEnumeration {
    case unlocked = "Unlocked"
    /// Tried, and the cable is still locked.
    case unlockFailed = "UnlockFailed"
    /// No lock, or no such connector.
    case notSupported = "NotSupported"
}
