internal import CLinux
internal import EventLoop
internal import Glibc
internal import Primitives
internal import Storage

/// The default routes of the machine: which interfaces have one, and making one over the interface of a call. `pppd` itself makes none where another
/// interface has one already, whatever its metric, so that nothing would be left when that one goes.
enum DefaultRoute {
    /// The interfaces that have one now (`/proc/net/route`, `/proc/net/ipv6_route`); nil when the kernel does not say.
    static func interfaces() -> Set<String>? {
        guard let four = SmallFile("/proc/net/route").foreignText else { return nil }
        var found: Set<String> = []
        for line in four.split(separator: "\n").dropFirst() {
            let fields = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            // Interface, destination, gateway, flags, two that are not used, metric, mask.
            if fields.count > 7, fields[1] == "00000000", fields[7] == "00000000" { found.insert(String(fields[0])) }
        }
        let six = SmallFile("/proc/net/ipv6_route").foreignText ?? ""
        for line in six.split(separator: "\n") {
            let fields = line.split(separator: " ")
            // Destination and the length of its prefix first, the interface last. The kernel keeps a refusal on `lo`.
            if fields.count == 10, fields[0].allSatisfy({ $0 == "0" }), fields[1] == "00", fields[9] != "lo" {
                found.insert(String(fields[9]))
            }
        }
        return found
    }

    /// Makes one of IPv4 over a link that has two ends, so that no gateway need be named. It goes with the interface.
    /// - Throws: `SystemError`; EPERM without CAP_NET_ADMIN. One that is there already is as good.
    static func add(through interface: String, metric: UInt32) throws(SystemError) {
        let index = if_nametoindex(interface)
        guard index > 0 else { throw SystemError(code: errno, operation: "find \(interface)") }
        let type = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_NETLINK, type, NETLINK_ROUTE)
        guard descriptor >= 0 else { throw SystemError(code: errno, operation: "open a netlink socket") }
        defer { close(descriptor) }
        let message = request(index: index, metric: metric)
        guard send(descriptor, message, message.count, 0) == message.count else {
            throw SystemError(code: errno, operation: "make a route")
        }
        // The kernel has answered before `send` returns (netlink(7)): a header, then the negative number of an error, or zero.
        var answer = [UInt8](repeating: 0, count: 1024)
        let count = recv(descriptor, &answer, answer.count, Int32(MSG_DONTWAIT))
        guard count >= 20 else { throw SystemError(code: EPROTO, operation: "make a route") }
        let code = answer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: Int32.self) }
        guard code == 0 || code == -EEXIST else {
            throw SystemError(code: 0 &- code, operation: "make a route over \(interface)")
        }
    }

    /// rtnetlink(7): header, route, and two attributes of four bytes each.
    private static func request(index: UInt32, metric: UInt32) -> [UInt8] {
        var header = nlmsghdr()
        header.nlmsg_len = 44
        header.nlmsg_type = UInt16(RTM_NEWROUTE)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
        var route = rtmsg()
        route.rtm_family = UInt8(AF_INET)
        route.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        route.rtm_protocol = UInt8(RTPROT_STATIC)
        route.rtm_scope = UInt8(RT_SCOPE_LINK.rawValue)
        route.rtm_type = UInt8(RTN_UNICAST)
        var bytes = withUnsafeBytes(of: header) { Array($0) } + withUnsafeBytes(of: route) { Array($0) }
        for (type, value) in [(RTA_OIF, index), (RTA_PRIORITY, metric)] {
            let attribute = rtattr(rta_len: 8, rta_type: UInt16(type.rawValue))
            bytes += withUnsafeBytes(of: attribute) { Array($0) } + withUnsafeBytes(of: value) { Array($0) }
        }
        return bytes
    }
}
