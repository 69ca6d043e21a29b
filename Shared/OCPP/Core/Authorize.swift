/// Asks whether an identifier may charge. Sent by the charge point. OCPP 1.6 §4.1.
public enum Authorize {
    /// `Authorize.req`, OCPP 1.6 §6.1.
    public struct Request: Codable, Equatable, Sendable {
        /// The identifier that was presented.
        public var idTag: IdToken

        /// Takes the fields as they are.
        public init(idTag: IdToken) {
            self.idTag = idTag
        }
    }

    /// `Authorize.conf`, OCPP 1.6 §6.2.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// What the central system says about it.
        public var idTagInfo: IdTagInfo

        /// Takes the fields as they are.
        public init(idTagInfo: IdTagInfo) {
            self.idTagInfo = idTagInfo
        }
    }
}
