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
        guard let four = InterfaceAddressEntry.all() else {
            throw SystemError(code: EAGAIN, operation: "read the addresses of the interfaces")
        }
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw SystemError(code: errno, operation: "read the interfaces") }
        defer { freeifaddrs(first) }
        var readings: [InterfaceReading] = []
        var next = first
        while let entry = next {
            // One entry per address, and one without for the interface itself.
            take(entry.pointee, into: &readings)
            next = entry.pointee.ifa_next
        }
        // From the last to the first: the first one is that of the reading, and goes before those of IPv6.
        for entry in four.reversed() where reachesBeyondTheLink(entry.address) {
            guard let name = RouteMessage.name(of: entry.index),
                let index = readings.firstIndex(where: { $0.name == name })
            else { continue }
            readings[index].hasAddress = true
            readings[index].address = RouteMessage.text(entry.address)
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

    /// But for the addresses of IPv4, whose entries need not have the interface's name.
    private static func take(_ entry: ifaddrs, into readings: inout [InterfaceReading]) {
        if let address = entry.ifa_addr, Int32(address.pointee.sa_family) == AF_INET { return }
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
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = getnameinfo(address, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
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

    /// Not 169.254.0.0/16 (RFC 3927 §2.1), which needs no network to exist.
    private static func reachesBeyondTheLink(_ address: UInt32) -> Bool { UInt32(bigEndian: address) >> 16 != 0xA9FE }

    /// One of IPv6, and not of fe80::/10 (RFC 4291 §2.5.6), which needs no network to exist.
    private static func reachesBeyondTheLink(_ address: UnsafeMutablePointer<sockaddr>) -> Bool {
        guard Int32(address.pointee.sa_family) == AF_INET6 else { return false }
        return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
            withUnsafeBytes(of: $0.pointee.sin6_addr) { !($0[0] == 0xFE && $0[1] & 0xC0 == 0x80) }
        }
    }
}
