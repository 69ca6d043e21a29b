/// Where the central system is and as whom the charger connects, as far as decisions and explanations need it.
public struct Endpoint: Equatable, Sendable {
    /// The connection URL with the identity, without credentials; for people.
    public var url: String
    public var host: String
    public var port: UInt16
    /// The charge point identity, as configured.
    public var identity: String

    public init(url: String, host: String, port: UInt16, identity: String) {
        self.url = url
        self.host = host
        self.port = port
        self.identity = identity
    }
}
