internal import EventLoop
internal import Glibc

/// What this machine has itself, seen from one of its interfaces: which addresses lead anywhere through it, and which kind is tried first.
struct Surroundings {
    /// Whether packets of IPv4 have an address to come from (not that of RFC 3927, which needs no network); so, too, where nobody knows.
    private(set) var hasFour = true
    /// Through which nothing but this machine is reached.
    private var isLoopback = false
    /// With the port of those that are asked about.
    private var own: Set<SocketAddress> = []

    init(interface: String, port: UInt16) {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return }
        defer { freeifaddrs(first) }
        hasFour = false
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let address = entry.ifa_addr, let bytes = Self.bytes(address) else { continue }
            // An address of IPv4 has a label that begins with the name: `eth0:1`.
            let isHere = String(cString: entry.ifa_name).prefix { $0 != ":" } == interface
            if let address = SocketAddress(raw: bytes, port: port) {
                own.insert(address)
                if isHere, address.isLoopback { isLoopback = true }
            }
            if isHere, bytes.count == 4, bytes.prefix(2) != [169, 254] { hasFour = true }
        }
    }

    /// Whether a name server may mean it: nothing that is this machine itself, or none at all, is reached through a network. What would answer there
    /// proves nothing of the network, and is no central system.
    func leadsAnywhere(_ address: SocketAddress) -> Bool {
        !address.isNoDestination && (isLoopback || !(address.isLoopback || own.contains(address)))
    }

    private static func bytes(_ address: UnsafeMutablePointer<sockaddr>) -> [UInt8]? {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }
            }
        default: nil
        }
    }
}
