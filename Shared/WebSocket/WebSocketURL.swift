/// A `ws://` or `wss://` URL (RFC 6455 §3): where to connect and what to ask for.
public struct WebSocketURL: Hashable, Sendable {
    public enum Scheme: String, Hashable, Sendable {
        case ws
        case wss
    }

    public let scheme: Scheme
    /// Name or address to resolve, without the brackets of an IPv6 literal, lower case.
    public let host: String
    /// 1 to 65535; 80 for `ws` and 443 for `wss` unless given.
    public let port: UInt16
    /// Starts with `/`, percent-encoded as given.
    public let path: String
    /// What stood after `?`, percent-encoded as given.
    public let query: String?

    /// Reads an absolute URL. The scheme and the host are case-insensitive.
    /// - Throws: `WebSocketURLError`, which says what was wrong and what was expected.
    public init(_ text: String) throws(WebSocketURLError) {
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong(limit: Self.maximumLength) }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .unencodedCharacter }
        guard let separator = text.utf8Index(of: "://") else { throw .scheme }
        guard let scheme = Scheme(rawValue: text[..<separator].lowercased()) else { throw .scheme }
        let rest = text[text.utf8.index(separator, offsetBy: 3)...]
        guard !rest.utf8.contains(UInt8(ascii: "#")) else { throw .fragment }
        let authorityEnd = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let (host, port) = try Self.split(authority: rest[..<authorityEnd])
        let target = rest[authorityEnd...]
        let pathEnd = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        guard Self.hasOnlyWholeTriplets(target.utf8) else { throw .percentEncoding }

        self.scheme = scheme
        self.host = host
        self.port = port ?? (scheme == .ws ? 80 : 443)
        path = pathEnd == target.startIndex ? "/" : String(target[..<pathEnd])
        query = pathEnd == target.endIndex ? nil : String(target[target.utf8.index(after: pathEnd)...])
    }

    private init(scheme: Scheme, host: String, port: UInt16, path: String, query: String?) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.query = query
    }

    public var isSecure: Bool { scheme == .wss }

    /// Host, and port unless it is the scheme's own, for the `Host` header (RFC 6455 §4.1).
    public var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == (scheme == .ws ? 80 : 443) ? name : "\(name):\(port)"
    }

    /// Path and query, for the request line.
    public var requestTarget: String { query.map { "\(path)?\($0)" } ?? path }

    /// The connection URL of a charge point: `/` and the percent-encoded identity appended to the path of this endpoint,
    /// never giving `//` (OCPP-J 1.6 §3.1.1).
    public func appending(identity: String) -> WebSocketURL {
        var base = path[...]
        while base.utf8.last == UInt8(ascii: "/") { base.removeLast() }
        let encoded = PercentEncoding.encode(identity)
        return WebSocketURL(scheme: scheme, host: host, port: port, path: "\(base)/\(encoded)", query: query)
    }

    private static let maximumLength = 2048
}

extension WebSocketURL: CustomStringConvertible {
    public var description: String { "\(scheme.rawValue)://\(authority)\(requestTarget)" }
}

extension WebSocketURL {
    private static func split(
        authority: Substring
    ) throws(WebSocketURLError) -> (host: String, port: UInt16?) {
        guard !authority.utf8.contains(UInt8(ascii: "@")) else { throw .credentials }
        var host = authority
        var port: Substring?
        if authority.utf8.first == UInt8(ascii: "[") {
            guard let end = authority.utf8.firstIndex(of: UInt8(ascii: "]")) else { throw .host }
            let after = authority[authority.utf8.index(after: end)...]
            host = authority[authority.utf8.index(after: authority.startIndex)..<end]
            guard isPlausibleIPv6(host) else { throw .host }
            if !after.isEmpty {
                guard after.utf8.first == UInt8(ascii: ":") else { throw .host }
                port = after.dropFirst()
            }
        } else {
            if let colon = authority.utf8.firstIndex(of: UInt8(ascii: ":")) {
                host = authority[..<colon]
                port = authority[authority.utf8.index(after: colon)...]
            }
            guard isName(host) else { throw .host }
        }
        guard let port, !port.isEmpty else { return (host.lowercased(), nil) }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port), number > 0
        else { throw .port }
        return (host.lowercased(), number)
    }

    private static func isName(_ host: Substring) -> Bool {
        !host.isEmpty && host.utf8.count <= 253
            && host.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~") }
    }

    /// Not a full check: the resolver makes it.
    private static func isPlausibleIPv6(_ host: Substring) -> Bool {
        guard host.utf8.contains(UInt8(ascii: ":")), host.utf8.count <= 45 else { return false }
        return host.utf8.allSatisfy { byte in
            byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") || PercentEncoding.hexValue(byte) != nil
        }
    }

    private static func hasOnlyWholeTriplets(_ text: Substring.UTF8View) -> Bool {
        PercentEncoding.decode(text) != nil
    }
}

/// Why a text is no WebSocket URL.
public enum WebSocketURLError: Error, Equatable, Sendable, CustomStringConvertible {
    case scheme
    case credentials
    case host
    case port
    case fragment
    case unencodedCharacter
    case percentEncoding
    case tooLong(limit: Int)

    public var description: String {
        switch self {
        case .scheme: "the URL does not start with ws:// or wss://"
        case .credentials: "the URL holds a user name or password; expected only host and port before the path"
        case .host: "the URL has no usable host; expected a name, an IPv4 address or an IPv6 address in brackets"
        case .port: "the port of the URL is not a number from 1 to 65535"
        case .fragment: "the URL has a fragment (#…), which a WebSocket URL cannot have"
        case .unencodedCharacter: "the URL holds a space or a character outside ASCII; expected it percent-encoded"
        case .percentEncoding: "the URL has a % that is not followed by two hexadecimal digits"
        case .tooLong(let limit): "the URL is longer than \(limit) characters"
        }
    }
}

extension String {
    fileprivate func utf8Index(of pattern: StaticString) -> String.Index? {
        let wanted = Array(pattern.description.utf8)
        return utf8.indices.first { utf8[$0...].starts(with: wanted) }
    }
}
