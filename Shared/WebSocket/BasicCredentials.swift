/// User and password of HTTP Basic authentication (RFC 7617 §2; OCPP-J 1.6 §6.2.2). A secret: it never describes its password.
public struct BasicCredentials: Hashable, Sendable {
    /// The charge point identity as used in the connection URL, not percent-encoded. Holds no colon.
    public let user: String
    /// The authorization key as bytes, not its hexadecimal spelling. Any bytes, 0 to 255 of them.
    public let password: [UInt8]

    public init(user: String, password: [UInt8]) {
        precondition(!user.utf8.contains(UInt8(ascii: ":")), "A colon ends the user name (RFC 7617 §2).")
        self.user = user
        self.password = password
    }

    /// Reads the value of an `Authorization` header; nil when it is not Basic or not readable.
    public init?(headerValue: some StringProtocol) {
        let parts = headerValue.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "basic", let bytes = Base64.decode(parts[1]),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let user = String(validating: bytes[..<colon], as: UTF8.self)
        else { return nil }
        self.user = user
        password = Array(bytes[(colon + 1)...])
    }

    /// The value of the `Authorization` header.
    public var headerValue: String { "Basic " + Base64.encode(Array(user.utf8) + [UInt8(ascii: ":")] + password) }
}

extension BasicCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(user):<secret>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["user": user]) }
}
