/// Restarts the charge point. Sent by the central system. OCPP 1.6 §5.14.
public enum Reset {
    /// `Reset.req`, OCPP 1.6 §6.39.
    public struct Request: Codable, Equatable, Sendable {
        /// How thoroughly.
        public var type: ResetType

        /// Takes the fields as they are.
        public init(type: ResetType) {
            self.type = type
        }
    }

    /// `Reset.conf`, OCPP 1.6 §6.40.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether it restarts.
        public var status: ResetStatus

        /// Takes the fields as they are.
        public init(status: ResetStatus) {
            self.status = status
        }
    }
}

/// How to restart. OCPP 1.6 §7.42.
public enum ResetType: String, ClosedEnumeration {
    /// All hardware; transactions need not be ended before.
    case hard = "Hard"
    /// End the transactions, then restart the software.
    case soft = "Soft"
}

/// The answer to Reset. OCPP 1.6 §7.41.
public enum ResetStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
}
