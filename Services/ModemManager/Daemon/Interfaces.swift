internal import CLinux
internal import EventLoop
internal import Glibc
internal import Primitives
internal import Storage
internal import UplinkCore

/// The network interfaces of the machine and whether their addresses are of use.
enum Interfaces {
    /// - Throws: `SystemError`.
    static func read() throws(SystemError) -> [InterfaceReading] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw SystemError(code: errno, operation: "read the interfaces") }
        defer { freeifaddrs(first) }
        var readings: [InterfaceReading] = []
        var next = first
        while let entry = next {
            // One entry per address, and one without for the interface itself; IPv4 comes before IPv6.
            take(entry.pointee, into: &readings)
            next = entry.pointee.ifa_next
        }
        if let routes = DefaultRoute.byInterface() {
            for index in readings.indices {
                let own = routes[readings[index].name] ?? []
                readings[index].defaultRoutes = Set(own.map(\.family))
                readings[index].gateways = Set(own.compactMap(\.gateway).compactMap(RouteMessage.text))
            }
        }
        return readings
    }

    private static func take(_ entry: ifaddrs, into readings: inout [InterfaceReading]) {
        let name = String(cString: entry.ifa_name)
        let address = entry.ifa_addr.flatMap { reachesBeyondTheLink($0) ? text($0) : nil }
        if let index = readings.firstIndex(where: { $0.name == name }) {
            readings[index].hasAddress = readings[index].hasAddress || address != nil
            readings[index].address = readings[index].address ?? address
            return
        }
        let running = UInt32(IFF_UP | IFF_RUNNING)
        var reading = InterfaceReading(
            name: name,
            isLoopback: entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0,
            isRunning: entry.ifa_flags & running == running,
            hasAddress: address != nil,
            address: address,
            bytes: bytes(name)
        )
        reading.mtu = SmallFile("/sys/class/net/\(name)/mtu").foreignText.flatMap { Int($0) }
        readings.append(reading)
    }

    private static func text(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
        let isFour = Int32(address.pointee.sa_family) == AF_INET
        let length = isFour ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = getnameinfo(address, socklen_t(length), &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
        guard result == 0 else { return nil }
        return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Received and sent since the interface is there, as the kernel counts.
    private static func bytes(_ interface: String) -> Int64? {
        let folder = "/sys/class/net/\(interface)/statistics/"
        let counts = ["rx_bytes", "tx_bytes"].map { SmallFile(folder + $0).foreignText.flatMap { Int64($0) } }
        guard let received = counts[0], let sent = counts[1] else { return nil }
        return received.addingClamped(sent)
    }

    /// Neither 169.254.0.0/16 (RFC 3927 §2.1) nor fe80::/10 (RFC 4291 §2.5.6), which need no network to exist.
    private static func reachesBeyondTheLink(_ address: UnsafeMutablePointer<sockaddr>) -> Bool {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt32(bigEndian: $0.pointee.sin_addr.s_addr) >> 16 != 0xA9FE
            }
        case AF_INET6:
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { !($0[0] == 0xFE && $0[1] & 0xC0 == 0x80) }
            }
        default:
            false
        }
    }
}
