/// Sets one configuration key. Sent by the central system. OCPP 1.6 §5.3.
public enum ChangeConfiguration {
    /// `ChangeConfiguration.req`, OCPP 1.6 §6.9.
    public struct Request: Codable, Equatable, Sendable {
        /// Name of the key.
        public var key: CiString50
        /// The new value, as text.
        public var value: CiString500

        /// Takes the fields as they are.
        public init(key: CiString50, value: CiString500) {
            self.key = key
            self.value = value
        }
    }

    /// `ChangeConfiguration.conf`, OCPP 1.6 §6.10.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// What became of it.
        public var status: ConfigurationStatus

        /// Takes the fields as they are.
        public init(status: ConfigurationStatus) {
            self.status = status
        }
    }
}

/// The answer to ChangeConfiguration. OCPP 1.6 §7.22.
public enum ConfigurationStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
    /// Stored; effective after the next start.
    case rebootRequired = "RebootRequired"
    /// The key is unknown.
    case notSupported = "NotSupported"
}
