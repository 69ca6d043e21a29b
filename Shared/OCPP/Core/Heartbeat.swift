public import Primitives

/// Shows that the charge point is there, and fetches the time. Sent by the charge point. OCPP 1.6 §4.6.
public enum Heartbeat {
    /// `Heartbeat.req`, OCPP 1.6 §6.29.
    public struct Request: Codable, Equatable, Sendable {
        /// The empty payload.
        public init() {}
    }

    /// `Heartbeat.conf`, OCPP 1.6 §6.30.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// The central system's clock.
        public var currentTime: Timestamp

        /// Takes the fields as they are.
        public init(currentTime: Timestamp) {
            self.currentTime = currentTime
        }
    }
}
