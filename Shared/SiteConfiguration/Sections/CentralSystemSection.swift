public import Primitives

/// `centralSystem`: where the charge point connects to, and with how much patience.
public struct CentralSystemSection: Decodable, Equatable, Sendable {
    /// Required. `ws://host[:port][/path]` or `wss://…`; the identity is appended (OCPP-J 1.6 §3.1.1).
    public var url: String
    /// Required, 1…48 characters. No colon: it would end the user name of HTTP Basic authentication (OCPP-J 1.6 §6.2.2).
    public var identity: String
    /// How long an answer to a CALL may take: 1…600, default 30.
    public var callTimeoutSeconds: Int
    /// How long the connection may take to be made: 1…300, default 20.
    public var connectTimeoutSeconds: Int
    /// How long the answer to a WebSocket ping may take: 1…300, default 20.
    public var pongTimeoutSeconds: Int
    /// Pause before the first attempt to connect again: 1…3600, default 1.
    public var reconnectMinimumSeconds: Int
    /// Longest pause between attempts: 1…86400, default 300. Not below the minimum.
    public var reconnectMaximumSeconds: Int
    /// Key for HTTP Basic authentication, 16…20 bytes as hexadecimal digits (security white paper A00.FR.205). Better set it through
    /// the key `AuthorizationKey`: this file is readable for more people.
    public var authorizationKey: Secret?
    /// What connections must have (security white paper §7.6): 0 whatever the URL and the keys give, 1 a password, 2 a password and TLS.
    /// Default 0. 1 goes with ws://, 2 with wss://, so that an edited URL alone does not make a connection less secure.
    public var securityProfile: Int
    /// Path of the certificates in PEM that may have signed that of a wss:// central system; no others are trusted.
    /// Default `/etc/charger/roots.pem`.
    public var rootCertificates: String
    /// Path of revocation lists in PEM.
    public var revocationLists: String?

    private enum CodingKeys: String, CodingKey {
        case url, identity, callTimeoutSeconds, connectTimeoutSeconds, pongTimeoutSeconds
        case reconnectMinimumSeconds, reconnectMaximumSeconds, authorizationKeyHex
        case securityProfile, rootCertificates, revocationLists
    }

    /// - Throws: `DecodingError` with the path and what was expected.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, keyedBy: CodingKeys.self)
        url = try fields.text(.url, 1...512)
        if let problem = Self.problem(ofURL: url) { throw fields.failure(.url, "\(problem), found \"\(url)\"") }
        identity = try fields.text(.identity, 1...48)
        guard !identity.contains(":") else {
            throw fields.failure(.identity, "expected a text without a colon, found \"\(identity)\"")
        }
        callTimeoutSeconds = try fields.integer(.callTimeoutSeconds, 1...600, default: 30)
        connectTimeoutSeconds = try fields.integer(.connectTimeoutSeconds, 1...300, default: 20)
        pongTimeoutSeconds = try fields.integer(.pongTimeoutSeconds, 1...300, default: 20)
        reconnectMinimumSeconds = try fields.integer(.reconnectMinimumSeconds, 1...3600, default: 1)
        reconnectMaximumSeconds = try fields.integer(.reconnectMaximumSeconds, 1...86_400, default: 300)
        if let digits = try fields.optionalText(.authorizationKeyHex, 0...64) {
            guard let bytes = Hexadecimal.bytes(digits), (16...20).contains(bytes.count) else {
                throw fields.failure(.authorizationKeyHex, "expected 32 to 40 hexadecimal digits, two per byte")
            }
            authorizationKey = Secret(digits)
        }
        securityProfile = try fields.integer(.securityProfile, 0...2, default: 0)
        rootCertificates = try fields.optionalText(.rootCertificates, 1...4096) ?? "/etc/charger/roots.pem"
        revocationLists = try fields.optionalText(.revocationLists, 1...4096)
        let isEncrypted = url.lowercased().hasPrefix("wss://")
        if securityProfile > 0, isEncrypted != (securityProfile == 2) {
            throw fields.failure(
                .securityProfile,
                "expected \(isEncrypted ? "0 or 2 for wss://" : "0 or 1 for ws://"), found \(securityProfile)"
            )
        }
    }

    /// What is wrong with the text as the address of a WebSocket (RFC 6455 §3); nil when nothing is.
    private static func problem(ofURL url: String) -> String? {
        let schemes = ["ws://", "wss://"]
        guard let scheme = schemes.first(where: { url.lowercased().hasPrefix($0) }) else {
            return "expected an address beginning with ws:// or wss://"
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "expected an address of printable ASCII without spaces"
        }
        guard !url.contains("#"), !url.contains("?") else { return "expected an address without ? and #" }
        let authority = url.dropFirst(scheme.count).prefix { $0 != "/" }
        guard !authority.contains("@") else { return "expected an address without a user name" }
        var host = authority
        var port: Substring?
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[...end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return "expected a port after the address in brackets" }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty, host != "[]" else { return "expected a host name" }
        guard let port else { return nil }
        let isNumber = !port.isEmpty && port.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let number = Int(port), (1...65_535).contains(number) else {
            return "expected a port of 1…65535"
        }
        return nil
    }
}
