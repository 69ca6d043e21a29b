internal import CLinux
internal import EventLoop
internal import Glibc
internal import Primitives
internal import Storage
internal import UplinkCore

/// The default routes of the machine: which interfaces have one, and making one over the interface of a call. `pppd` itself makes none where another
/// interface has one already, whatever its metric, so that nothing would be left when that one goes.
enum DefaultRoute {
    /// Of which families each interface has one now; nil when the kernel does not say.
    static func families() -> [String: Set<AddressFamily>]? {
        // Without IPv6 in the kernel there is no such file, and no such route.
        SmallFile("/proc/net/route").foreignText.map {
            families(four: $0, six: SmallFile("/proc/net/ipv6_route").foreignText ?? "")
        }
    }

    /// - Parameters:
    ///   - four: as `/proc/net/route` has it.
    ///   - six: as `/proc/net/ipv6_route` has it.
    /// - Returns: As above.
    static func families(four: String, six: String) -> [String: Set<AddressFamily>] {
        var found: [String: Set<AddressFamily>] = [:]
        for line in four.split(separator: "\n").dropFirst() {
            let fields = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            // Interface, destination, gateway, flags, two that are not used, metric, mask.
            guard fields.count > 7, fields[1] == "00000000", fields[7] == "00000000" else { continue }
            found[String(fields[0]), default: []].insert(.four)
        }
        for line in six.split(separator: "\n") {
            let fields = line.split(separator: " ")
            // Destination and the length of its prefix first, the interface last. The kernel keeps a refusal on `lo`.
            if fields.count == 10, fields[0].allSatisfy({ $0 == "0" }), fields[1] == "00", fields[9] != "lo" {
                found[String(fields[9]), default: []].insert(.six)
            }
        }
        return found
    }

    /// Makes one of IPv4; without a gateway over a link that has two ends. It goes with the interface. The same one that is there already is as
    /// good; one of this metric over another interface is somebody else's, and stays beside it.
    /// - Throws: `SystemError`; EPERM without CAP_NET_ADMIN.
    static func add(through interface: String, gateway: String? = nil, metric: UInt32) throws(SystemError) {
        let index = try RouteMessage.index(of: interface)
        var route = rtmsg()
        route.rtm_family = UInt8(AF_INET)
        route.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        route.rtm_protocol = UInt8(RTPROT_STATIC)
        route.rtm_scope = UInt8((gateway == nil ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE).rawValue)
        route.rtm_type = UInt8(RTN_UNICAST)
        // The network names gateways that are in no network of the interface's own.
        route.rtm_flags = gateway == nil ? 0 : UInt32(RTNH_F_ONLINK)
        var message = RouteMessage(RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_APPEND, route)
        message.add(RTA_OIF.rawValue, index)
        message.add(RTA_PRIORITY.rawValue, metric)
        if let gateway = gateway.flatMap(RouteMessage.bytes) { message.add(RTA_GATEWAY.rawValue, gateway) }
        try message.send("make a route over \(interface)", unless: EEXIST)
    }
}
