/// Where the central system is and as whom the charger connects: the parsed URL of the configuration with the identity added.
public struct Endpoint: Equatable, Sendable {
    /// For people, without credentials.
    public let url: String
    public let host: String
    public let port: UInt16
    /// Request target of the HTTP upgrade, percent-encoded.
    public let target: String
    /// Value of the `Host` header: with the port unless it is the scheme's default.
    public let hostHeader: String
    /// Identity as configured: user name for HTTP Basic authentication (OCPP-J 1.6 §6.2.2).
    public let identity: String

    /// Joins URL and identity (OCPP-J 1.6 §3.1.1): one slash between them, identity percent-encoded.
    /// - Throws: `EndpointProblem` with one line for people.
    public init(url text: String, identity: String) throws(EndpointProblem) {
        guard !identity.isEmpty else { throw EndpointProblem("the station's identity is empty; expected a name") }
        // A colon would end the user name of HTTP Basic authentication (RFC 7617 §2).
        guard !identity.contains(":") else {
            throw EndpointProblem(
                "the station's identity contains a colon, which HTTP Basic authentication cannot carry"
            )
        }
        let lower = text.lowercased()
        guard !lower.hasPrefix("wss://") else {
            throw EndpointProblem("the URL \(text) asks for TLS, which this version does not have yet; expected ws://")
        }
        guard lower.hasPrefix("ws://"), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw EndpointProblem("the URL \(text) is not usable; expected ws://host[:port][/path]")
        }
        let rest = text.dropFirst(5)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let (host, port) = Self.authority(rest[..<slash]) else {
            throw EndpointProblem("the URL \(text) has no usable host or port; expected ws://host[:port][/path]")
        }
        guard !rest.contains(where: { $0 == "?" || $0 == "#" || $0 == "@" }) else {
            throw EndpointProblem("the URL \(text) has a query, fragment or user; expected ws://host[:port][/path]")
        }
        var path = String(rest[slash...])
        while path.hasSuffix("/") { path.removeLast() }
        target = path + "/" + Self.percentEncoded(identity)
        self.host = host
        self.port = port ?? 80
        let bracketed = host.contains(":") ? "[\(host)]" : host
        hostHeader = (port ?? 80) == 80 ? bracketed : "\(bracketed):\(self.port)"
        self.url = "ws://\(hostHeader)\(target)"
        self.identity = identity
    }

    private static func authority(_ text: Substring) -> (host: String, port: UInt16?)? {
        var host = text
        var portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let tail = text[text.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
        }
        guard !host.isEmpty else { return nil }
        guard let portText else { return (String(host), nil) }
        guard let port = UInt16(portText), port > 0 else { return nil }
        return (String(host), port)
    }

    /// Everything but the unreserved characters of RFC 3986 §2.3 is encoded.
    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Why there is nothing to connect to, as one line for people.
public struct EndpointProblem: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
