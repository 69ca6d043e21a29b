public import Primitives

/// Has new firmware fetched and installed. Sent by the central system. OCPP 1.6 §5.19.
public enum UpdateFirmware {
    /// `UpdateFirmware.req`, OCPP 1.6 §6.55.
    public struct Request: Codable, Equatable, Sendable {
        /// URI of the firmware.
        public var location: String
        /// How often to try again (E §3.50).
        public var retries: Int?
        /// Not to be fetched before.
        public var retrieveDate: Timestamp
        /// Seconds between tries.
        public var retryInterval: Int?

        /// Takes the fields as they are; optional ones default to absent.
        public init(location: String, retries: Int? = nil, retrieveDate: Timestamp, retryInterval: Int? = nil) {
            self.location = location
            self.retries = retries
            self.retrieveDate = retrieveDate
            self.retryInterval = retryInterval
        }
    }

    /// `UpdateFirmware.conf`, OCPP 1.6 §6.56.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// The empty payload.
        public init() {}
    }
}
