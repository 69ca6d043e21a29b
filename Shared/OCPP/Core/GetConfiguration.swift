/// Reads configuration keys. Sent by the central system. OCPP 1.6 §5.8.
public enum GetConfiguration {
    /// `GetConfiguration.req`, OCPP 1.6 §6.23.
    public struct Request: Codable, Equatable, Sendable {
        /// The keys to read; absent or empty means all.
        public var key: [CiString50]?

        /// Takes the fields as they are; optional ones default to absent.
        public init(key: [CiString50]? = nil) {
            self.key = key
        }
    }

    /// `GetConfiguration.conf`, OCPP 1.6 §6.24.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// The keys that exist.
        public var configurationKey: [KeyValue]?
        /// The keys that were asked for and do not exist.
        public var unknownKey: [CiString50]?

        /// Takes the fields as they are; optional ones default to absent.
        public init(configurationKey: [KeyValue]? = nil, unknownKey: [CiString50]? = nil) {
            self.configurationKey = configurationKey
            self.unknownKey = unknownKey
        }
    }
}
