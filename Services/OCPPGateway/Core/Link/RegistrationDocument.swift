/// With which connection settings the central system accepted this charger (OCPP 1.6 §4.2.1), for a start without a connection.
public struct RegistrationDocument: Document {
    public static let name = "registration"
    public static let magic = "ocpp-registration"
    public static let formatVersion: UInt16 = 1
    /// An address of before says nothing about this one.
    public static let keepsPrevious = false

    /// The connection URL with the identity, without credentials.
    public var url: String
    /// The number of the security profile (OCPP 1.6 security whitepaper §2).
    public var security: Int

    public init(_ profile: ConnectionProfile) {
        url = profile.url
        security = profile.security.rawValue
    }
}
