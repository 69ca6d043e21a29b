internal import JSON
public import Primitives
internal import WebSocket

/// `centralSystem`: where the charge point connects to, and with how much patience.
public struct CentralSystemSection: SiteReadable, Equatable, Sendable {
    /// The most bytes that a file of certificates or of revocation lists may have. The roots of all public authorities together take 220 KiB.
    public static let largestTrustFile = 1 << 20

    /// `ws://host[:port][/path]` or `wss://…`; the identity is appended (OCPP-J 1.6 §3.1.1).
    public var url: String
    /// No colon: it would end the user name of HTTP Basic authentication (OCPP-J 1.6 §6.2.2).
    public var identity: String
    public var callTimeoutSeconds: Int
    public var connectTimeoutSeconds: Int
    public var pongTimeoutSeconds: Int
    public var reconnectMinimumSeconds: Int
    /// Not below the minimum.
    public var reconnectMaximumSeconds: Int
    /// Key for HTTP Basic authentication, 16…20 bytes as hexadecimal digits (security white paper A00.FR.205).
    public var authorizationKey: Secret?
    /// What connections must have (security white paper §7.6): 0 whatever the URL and the keys give, 1 a password, 2 a password and TLS.
    public var securityProfile: Int
    /// Path of the certificates in PEM that may have signed that of a wss:// central system; no others are trusted.
    public var rootCertificates: String
    /// Path of revocation lists in PEM.
    public var revocationLists: String?

    public init(_ fields: Fields) {
        url = fields.text("url", 1...512, form: .webSocketURL, "Where to connect; the identity is appended to it.")
        identity = fields.text("identity", 1...48, form: .identity, "The charge point's name there.")
        callTimeoutSeconds = fields.integer(
            "callTimeoutSeconds",
            1...600,
            default: 30,
            unit: "s",
            "How long an answer to a CALL may take."
        )
        connectTimeoutSeconds = fields.integer(
            "connectTimeoutSeconds",
            1...300,
            default: 20,
            unit: "s",
            "How long the connection may take to be made."
        )
        pongTimeoutSeconds = fields.integer(
            "pongTimeoutSeconds",
            1...300,
            default: 20,
            unit: "s",
            "How long the answer to a WebSocket ping may take."
        )
        reconnectMinimumSeconds = fields.integer(
            "reconnectMinimumSeconds",
            1...3600,
            default: 1,
            unit: "s",
            "Pause before the first attempt to connect again."
        )
        reconnectMaximumSeconds = fields.integer(
            "reconnectMaximumSeconds",
            1...86_400,
            default: 300,
            unit: "s",
            "Longest pause between attempts, not below the shortest."
        )
        authorizationKey = fields.optionalText(
            "authorizationKeyHex",
            32...40,
            form: .authorizationKey,
            "Password of HTTP Basic authentication, 16 to 20 bytes as hexadecimal digits, until another is set as AuthorizationKey. "
                + "Better only there: this file is readable for more people."
        ).map { Secret($0) }
        securityProfile = fields.integer(
            "securityProfile",
            0...2,
            default: 0,
            "What connections must have: 0 whatever the URL and the keys give, 1 a password (with ws://), 2 a password and TLS (with wss://)."
        )
        rootCertificates = fields.text(
            "rootCertificates",
            1...4096,
            default: "/etc/charger/roots.pem",
            "Path of the certificates in PEM that may have signed that of a wss:// central system; no others are trusted."
        )
        revocationLists = fields.optionalText("revocationLists", 1...4096, "Path of revocation lists in PEM.")
        compare(fields)
    }

    /// What only shows between values. An edited URL alone does not make a connection less secure.
    private func compare(_ fields: Fields) {
        let isEncrypted = url.lowercased().hasPrefix("wss://")
        if securityProfile > 0, isEncrypted != (securityProfile == 2), fields.isRight("url") {
            let expected = isEncrypted ? "0 or 2 for wss://" : "0 or 1 for ws://"
            fields.note("securityProfile", "expected \(expected), found \(securityProfile)")
        }
        fields.rule(Self.profile(1, needs: "^[Ww][Ss]://"))
        fields.rule(Self.profile(2, needs: "^[Ww][Ss][Ss]://"))
        let areRight = fields.isRight("reconnectMinimumSeconds") && fields.isRight("reconnectMaximumSeconds")
        guard areRight, reconnectMinimumSeconds > reconnectMaximumSeconds else { return }
        fields.note(
            "reconnectMinimumSeconds",
            "expected at most reconnectMaximumSeconds (\(reconnectMaximumSeconds)), found \(reconnectMinimumSeconds)"
        )
    }

    private static func profile(_ profile: Int64, needs pattern: String) -> JSONValue {
        [
            "if": [
                "properties": ["securityProfile": ["const": .number(JSONNumber(profile))]],
                "required": ["securityProfile"],
            ],
            "then": ["properties": ["url": ["pattern": .string(pattern)]]],
        ]
    }
}

extension TextForm {
    /// The address of a WebSocket (RFC 6455 §3) without a query, which the identity could not be appended to.
    static let webSocketURL = TextForm(
        pattern: #"^[Ww][Ss][Ss]?://([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\])"#
            + #"(:0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"#
            + #"(/([!-"$&->@-~]|%[0-9A-Fa-f]{2})*)?$"#,
        hides: { $0.contains("@") || $0.contains("?") },
        problem: problem(ofURL:)
    )

    static let identity = TextForm(pattern: "^[^:]*$") { text in
        text.contains(":") ? "expected a text without a colon" : nil
    }

    static let authorizationKey = TextForm(pattern: "^([0-9A-Fa-f]{2}){16,20}$", isSecret: true) { text in
        let count = Hexadecimal.bytes(text)?.count ?? 0
        return (16...20).contains(count) ? nil : "expected 32 to 40 hexadecimal digits, two per byte"
    }

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
        guard !authority.hasSuffix(":") else { return "expected a port of 1…65535" }
        do throws(WebSocketURLError) {
            // Who uses the address has the last word.
            _ = try WebSocketURL(url)
            return nil
        } catch {
            switch error {
            case .host:
                return authority.isEmpty ? "expected a host name" : "expected a host name, or an address in brackets"
            case .port: return "expected a port of 1…65535"
            default: return "expected an address that can be used: \(error)"
            }
        }
    }
}
