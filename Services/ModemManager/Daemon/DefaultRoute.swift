internal import CLinux
internal import EventLoop
internal import Glibc
internal import Primitives
internal import UplinkCore

/// The default routes of the machine: which interfaces have one, and making one over the interface of a call. `pppd` itself makes none where another
/// interface has one already, whatever its metric, so that nothing would be left when that one goes.
enum DefaultRoute {
    /// What each interface has of them now, by its name; nil when the kernel does not say.
    static func byInterface() -> [String: [DefaultRouteEntry]]? {
        guard let four = DefaultRouteEntry.all(.four), let six = DefaultRouteEntry.all(.six) else { return nil }
        var found: [String: [DefaultRouteEntry]] = [:]
        for entry in four + six {
            // One that is gone meanwhile has none.
            if let name = RouteMessage.name(of: entry.index) { found[name, default: []].append(entry) }
        }
        return found
    }

    /// Makes one of IPv4; without a gateway over a link that has two ends. It goes with the interface. The same one that is there already is as
    /// good; one of this metric over another interface is somebody else's, and stays beside it.
    /// One of this metric over the same interface and another gateway would be asked before it, and is taken away, unless it leads over other
    /// interfaces as well.
    /// - Throws: `SystemError`; EPERM without CAP_NET_ADMIN.
    static func add(through interface: String, gateway: String? = nil, metric: UInt32) throws(SystemError) {
        let index = try RouteMessage.index(of: interface)
        let own = gateway.flatMap(RouteMessage.bytes)
        if let own {
            for other in DefaultRouteEntry.all(.four, over: index) ?? []
            where other.isInTheWay(of: own, over: index, metric: metric) {
                try remove(other, interface)
            }
        }
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
        if let own { message.add(RTA_GATEWAY.rawValue, own) }
        try message.send("make a route over \(interface)", unless: EEXIST)
    }

    private static func remove(_ entry: DefaultRouteEntry, _ interface: String) throws(SystemError) {
        var route = rtmsg()
        route.rtm_family = UInt8(AF_INET)
        route.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        // Whoever made it, and however far it reaches.
        route.rtm_scope = UInt8(RT_SCOPE_NOWHERE.rawValue)
        var message = RouteMessage(RTM_DELROUTE, route)
        message.add(RTA_OIF.rawValue, entry.index)
        message.add(RTA_PRIORITY.rawValue, entry.metric)
        if let gateway = entry.gateway { message.add(RTA_GATEWAY.rawValue, gateway) }
        try message.send("take a route over \(interface) away", unless: ESRCH)
    }
}
