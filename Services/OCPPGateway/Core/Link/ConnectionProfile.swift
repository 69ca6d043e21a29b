/// Where the central system is and as whom the charger connects, as one value that can be replaced while the program runs: a change of
/// the central system is one event, and to go back is the same event with the old value.
public struct ConnectionProfile: Equatable, Sendable {
    /// What the site demands of a connection, as `SecurityProfile` shows it (OCPP 1.6 security whitepaper §2.1, §7.6). It is never lowered
    /// here: a connection that would be less is not made.
    public enum Security: Int, Equatable, Sendable {
        /// Nothing is demanded; the URL says whether there is TLS, and a password is given when there is one.
        case notConfigured = 0
        /// The charger proves itself by a password, over plain TCP.
        case basicAuthentication = 1
        /// The central system proves itself by a certificate, and the charger by a password.
        case tlsWithBasicAuthentication = 2
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
    /// Where the certificates to trust are; nil for connections without TLS.
    public var trust: String?

    public var isEncrypted: Bool { trust != nil }
    /// Whether a connection without a password is less than what the site demands (A00.FR.203, .302).
    public var needsPassword: Bool { security != .notConfigured }

    /// Everything that is left out is as a connection without authentication has it.
    public init(
        url: String,
        host: String,
        port: UInt16,
        identity: String,
        security: Security = .notConfigured,
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
