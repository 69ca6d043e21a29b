/// Where the central system is and as whom the charger connects, as one value that can be replaced while the program runs: a change of
/// the central system is one event, and to go back is the same event with the old value.
public struct ConnectionProfile: Equatable, Sendable {
    /// How both sides prove who they are (OCPP 1.6 security whitepaper §2).
    public enum Security: Int, Equatable, Sendable {
        /// Neither does.
        case unsecured = 0
        /// The charger does, by a password over plain TCP, once it has one.
        case basicAuthentication = 1
    }

    /// The connection URL with the identity, without credentials.
    public var url: String
    public var host: String
    public var port: UInt16
    /// The charge point identity, as configured.
    public var identity: String
    public var security: Security
    /// The name of the secret to authenticate with; the secret itself is read when a handshake is written.
    public var credential: String?
    /// The name of the certificates to trust; nil while connections have no TLS.
    public var trust: String?

    /// Everything that is left out is as a connection without authentication has it.
    public init(
        url: String,
        host: String,
        port: UInt16,
        identity: String,
        security: Security = .unsecured,
        credential: String? = nil,
        trust: String? = nil
    ) {
        self.url = url
        self.host = host
        self.port = port
        self.identity = identity
        self.security = security
        self.credential = credential
        self.trust = trust
    }
}
