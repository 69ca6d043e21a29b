internal import CLinux
internal import Glibc
internal import UplinkCore

/// A default route as the kernel tells it when all routes are asked for (rtnetlink(7)). It is asked and not read from `/proc`, which a unit may hide,
/// and which has no way to ask for some of many.
struct DefaultRouteEntry: Equatable {
    let family: AddressFamily
    /// Of the interface.
    let index: UInt32
    /// In the order of the network; nil where it has none, or one of IPv6.
    let gateway: UInt32?
    let metric: UInt32
    /// Whether its route leads over other interfaces as well, so that taking it away would take theirs.
    var isShared = false

    /// Whether it would be asked before a route of that metric over that gateway, and is nobody's but the interface's: not one over several interfaces,
    /// which somebody has made who knows of both.
    func isInTheWay(of gateway: UInt32, over index: UInt32, metric: UInt32) -> Bool {
        self.index == index && self.metric == metric && self.gateway != gateway && !isShared
    }

    /// Those of one family that the kernel has now; nil when it does not say.
    /// With the number of an interface, those of routes that lead over others alone need not be among them.
    static func all(_ family: AddressFamily, over index: UInt32? = nil) -> [DefaultRouteEntry]? {
        var request = rtmsg()
        request.rtm_family = family.number
        var found: [DefaultRouteEntry] = []
        var message = RouteMessage(RTM_GETROUTE, flags: NLM_F_DUMP, request)
        if let index { message.add(RTA_OIF.rawValue, index) }
        let isWhole = message.dump { found += entries(in: $0, family) }
        return isWhole ? found : nil
    }

    /// Those of one family among the messages of one datagram; a route over several interfaces is one for each.
    static func entries(in messages: [RouteMessage.Part], _ family: AddressFamily) -> [DefaultRouteEntry] {
        var found: [DefaultRouteEntry] = []
        for message in messages where message.type == UInt16(RTM_NEWROUTE) {
            guard message.body.count >= MemoryLayout<rtmsg>.size else { continue }
            let route = message.body.withUnsafeBytes { $0.loadUnaligned(as: rtmsg.self) }
            // A route that refuses is none, and that of another table is asked only where a rule says so.
            guard route.rtm_family == family.number, route.rtm_dst_len == 0, Int(route.rtm_type) == RTN_UNICAST,
                route.rtm_table == UInt8(RT_TABLE_MAIN.rawValue), route.rtm_flags & UInt32(RTM_F_CLONED) == 0
            else { continue }
            found += hops(RouteMessage.attributes(of: message.body.dropFirst(MemoryLayout<rtmsg>.size)), family)
        }
        return found
    }

    private static func hops(_ attributes: [UInt16: ArraySlice<UInt8>], _ family: AddressFamily) -> [DefaultRouteEntry]
    {
        let metric = RouteMessage.number(attributes, RTA_PRIORITY.rawValue) ?? 0
        func entry(_ index: UInt32, _ attributes: [UInt16: ArraySlice<UInt8>]) -> DefaultRouteEntry {
            let gateway = family == .four ? RouteMessage.number(attributes, RTA_GATEWAY.rawValue) : nil
            return DefaultRouteEntry(family: family, index: index, gateway: gateway, metric: metric)
        }
        if let index = RouteMessage.number(attributes, RTA_OIF.rawValue) { return [entry(index, attributes)] }
        var found: [DefaultRouteEntry] = []
        var rest = attributes[UInt16(RTA_MULTIPATH.rawValue)] ?? []
        while rest.count >= MemoryLayout<rtnexthop>.size {
            let hop = rest.withUnsafeBytes { $0.loadUnaligned(as: rtnexthop.self) }
            let length = Int(hop.rtnh_len)
            guard length >= MemoryLayout<rtnexthop>.size, length <= rest.count else { break }
            let own = rest.prefix(length).dropFirst(MemoryLayout<rtnexthop>.size)
            found.append(entry(UInt32(bitPattern: hop.rtnh_ifindex), RouteMessage.attributes(of: own)))
            rest = rest.dropFirst(RouteMessage.aligned(length))
        }
        let isShared = Set(found.map(\.index)).count > 1
        for place in found.indices { found[place].isShared = isShared }
        return found
    }
}

extension AddressFamily {
    fileprivate var number: UInt8 { UInt8(self == .four ? AF_INET : AF_INET6) }
}
