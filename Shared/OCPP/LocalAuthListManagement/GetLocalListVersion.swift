/// Asks for the version of the local authorization list. Sent by the central system. OCPP 1.6 §5.10.
public enum GetLocalListVersion {
    /// `GetLocalListVersion.req`, OCPP 1.6 §6.27.
    public struct Request: Codable, Equatable, Sendable {
        /// The empty payload.
        public init() {}
    }

    /// `GetLocalListVersion.conf`, OCPP 1.6 §6.28.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// The version; 0 is an empty list, -1 no list at all (§5.10).
        public var listVersion: Int

        /// Takes the fields as they are.
        public init(listVersion: Int) {
            self.listVersion = listVersion
        }
    }
}
