internal import CLinux
internal import Glibc

/// The address of one end of an IPv4, IPv6 or Unix-domain socket.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The `sockaddr` as the kernel takes it.
    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        precondition(bytes.count >= MemoryLayout<sa_family_t>.size, "An address has at least its family.")
        self.bytes = bytes
    }

    init(copying pointer: UnsafePointer<sockaddr>, length: socklen_t) {
        self.init(bytes: Array(UnsafeRawBufferPointer(start: pointer, count: Int(length))))
    }

    /// An address written in digits, never looked up: `127.0.0.1`, `::1`. Nil when `host` is a name.
    public init?(numeric host: String, port: UInt16) {
        guard let address = try? SocketAddress.lookUp(host: host, port: port, flags: AI_NUMERICHOST).first else {
            return nil  // any failure means the same here: not written in digits
        }
        self = address
    }

    /// This machine itself.
    public static func loopback(port: UInt16) -> SocketAddress {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafeBytes(of: address) { SocketAddress(bytes: Array($0)) }
    }

    /// An address as the network writes it: 4 bytes of IPv4, 16 of IPv6; nil for any other number of them.
    public init?(raw address: [UInt8], port: UInt16) {
        let portBytes = [UInt8(port >> 8), UInt8(port & 0xFF)]
        switch address.count {
        case 4:
            let family = withUnsafeBytes(of: sa_family_t(AF_INET)) { Array($0) }
            self.init(bytes: family + portBytes + address + [UInt8](repeating: 0, count: 8))
        case 16:
            let family = withUnsafeBytes(of: sa_family_t(AF_INET6)) { Array($0) }
            self.init(bytes: family + portBytes + [0, 0, 0, 0] + address + [0, 0, 0, 0])
        default: return nil
        }
    }

    /// The longest path that fits a Unix-domain address, bytes.
    public static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// A Unix-domain socket; a path that begins with `@` is in the abstract name space. Nil when the path is empty or too long.
    public init?(path: String) {
        var name = Array(path.utf8)
        guard !name.isEmpty, name.count <= Self.longestPath else { return nil }
        if name[0] == UInt8(ascii: "@") { name[0] = 0 } else { name.append(0) }
        let family = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) }
        self.init(bytes: family + name)
    }

    var family: Int32 {
        bytes.withUnsafeBytes { Int32($0.loadUnaligned(as: sa_family_t.self)) }
    }

    /// Whether it is this machine itself (127.0.0.0/8, ::1), which no interface but the loopback leads to.
    public var isLoopback: Bool {
        switch family {
        case AF_INET: bytes.count >= 8 && bytes[4] == 127
        case AF_INET6: bytes.count >= 24 && bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1
        default: false
        }
    }

    /// Whether it is none of one machine: 0.0.0.0/8 and :: (which the kernel takes for this machine), multicast, 240.0.0.0/4 with the broadcast.
    public var isNoDestination: Bool {
        switch family {
        case AF_INET: bytes.count >= 8 && (bytes[4] == 0 || bytes[4] >= 224)
        case AF_INET6: bytes.count >= 24 && (bytes[8] == 0xFF || bytes[8..<24].allSatisfy { $0 == 0 })
        default: false
        }
    }

    /// The port of an internet address; 0 for others.
    public var port: UInt16 {
        guard family == AF_INET || family == AF_INET6, bytes.count >= 4 else { return 0 }
        return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }

    /// Address and port in digits; the path of a Unix-domain socket.
    public var description: String {
        guard family == AF_INET || family == AF_INET6 else {
            let name = bytes.dropFirst(MemoryLayout<sa_family_t>.size)
            return String(
                decoding: name.first == 0 ? [0x40] + name.dropFirst() : name.filter { $0 != 0 },
                as: UTF8.self
            )
        }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = withPointer { getnameinfo($0, $1, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) }
        guard result == 0 else { return "an unreadable address" }
        let text = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return family == AF_INET6 ? "[\(text)]:\(port)" : "\(text):\(port)"
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        // The kernel copies the bytes; the storage of the array is aligned for any scalar.
        bytes.withUnsafeBytes { buffer in
            buffer.withMemoryRebound(to: sockaddr.self) { rebound in
                guard let base = rebound.baseAddress else { preconditionFailure("An address is never empty.") }
                return body(base, socklen_t(bytes.count))
            }
        }
    }

    /// Blocks unless `flags` contain `AI_NUMERICHOST`.
    static func lookUp(host: String, port: UInt16, flags: Int32) throws(ResolveError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_flags = flags
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard result == 0 else { throw ResolveError(host: host, code: result) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let current = entry?.pointee {
            if let address = current.ai_addr {
                addresses.append(SocketAddress(copying: address, length: current.ai_addrlen))
            }
            entry = current.ai_next
        }
        return addresses
    }
}

/// A host name that has no address now.
public struct ResolveError: Error, Hashable, Sendable, CustomStringConvertible {
    public let host: String
    /// What `getaddrinfo` returned; 0 when too many names wait to be resolved.
    public let code: Int32

    public init(host: String, code: Int32) {
        self.host = host
        self.code = code
    }

    public var description: String {
        code == 0
            ? "resolve \(host): too many names wait to be resolved"
            : "resolve \(host): \(String(cString: gai_strerror(code)))"
    }
}
