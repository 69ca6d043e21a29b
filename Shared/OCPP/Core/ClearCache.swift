/// Empties the authorization cache. Sent by the central system. OCPP 1.6 §5.4.
public enum ClearCache {
    /// `ClearCache.req`, OCPP 1.6 §6.11.
    public struct Request: Codable, Equatable, Sendable {
        /// The empty payload.
        public init() {}
    }

    /// `ClearCache.conf`, OCPP 1.6 §6.12.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Whether it was emptied.
        public var status: ClearCacheStatus

        /// Takes the fields as they are.
        public init(status: ClearCacheStatus) {
            self.status = status
        }
    }
}

/// The answer to ClearCache. OCPP 1.6 §7.20.
public enum ClearCacheStatus: String, ClosedEnumeration {
    case accepted = "Accepted"
    case rejected = "Rejected"
}
