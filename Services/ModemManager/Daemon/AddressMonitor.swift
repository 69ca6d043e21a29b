internal import CLinux
internal import EventLoop
internal import Glibc

/// Tells when the kernel reports a change of interfaces, addresses or routes, through a route netlink socket (`rtnetlink(7)`).
final class AddressMonitor {
    /// Reports beyond these wait for the next turn of the loop.
    private static let reportsPerTurn = 64

    /// Links, addresses and routes, of both kinds.
    private static let groups =
        RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE

    private let descriptor: Int32
    private let loop: EventLoop
    private let onChange: () -> Void
    private var watch: Watch?

    /// - Throws: `SystemError` where the process may not have such a socket.
    init(_ loop: EventLoop, onChange: @escaping () -> Void) throws(SystemError) {
        let type = Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_NETLINK, type, NETLINK_ROUTE)
        guard descriptor >= 0 else { throw SystemError(code: errno, operation: "open a netlink socket") }
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(Self.groups)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard result == 0 else {
            let error = SystemError(code: errno, operation: "listen for changes of addresses")
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.loop = loop
        self.onChange = onChange
        watch = loop.watch(descriptor: descriptor, for: "changes of addresses") { [unowned self] _ in takeReports() }
    }

    deinit {
        if let watch { loop.unwatch(watch) }
        close(descriptor)
    }

    /// One call for all reports that wait. Their content does not matter, nor that some were lost: everything is read again.
    private func takeReports() {
        var buffer = [UInt8](repeating: 0, count: 8192)
        for _ in 0..<Self.reportsPerTurn { guard recv(descriptor, &buffer, buffer.count, 0) > 0 else { break } }
        onChange()
    }
}
