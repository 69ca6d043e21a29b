internal import CLinux
internal import EventLoop
internal import Glibc
internal import UplinkCore

/// Gives a network interface what ModemManager says that it is to have, where that is no DHCP. It needs CAP_NET_ADMIN.
enum InterfaceSetting {
    /// Switches it on and gives it this address, and takes every other one of IPv4 from it.
    /// - Throws: `SystemError`; EPERM without CAP_NET_ADMIN.
    static func give(_ given: InterfaceAddress, to interface: String) throws(SystemError) {
        let index = try RouteMessage.index(of: interface)
        guard let address = RouteMessage.bytes(given.address) else {
            throw SystemError(code: EINVAL, operation: "read the address of \(interface)")
        }
        try switchOn(index, mtu: given.mtu, interface)
        for other in addresses(of: index) where !other.isAt(address, given.prefixLength) {
            try remove(other, interface)
        }
        var message = RouteMessage(RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_REPLACE, header(index, given.prefixLength))
        message.add(IFA_LOCAL, address)
        message.add(IFA_ADDRESS, address)
        try message.send("give \(interface) its address")
    }

    /// Takes the address in digits from it, or all of IPv4; their routes go with them. An interface that is gone has none.
    /// - Throws: `SystemError`; EPERM without CAP_NET_ADMIN.
    static func clear(_ interface: String, of only: String? = nil) throws(SystemError) {
        let index = if_nametoindex(interface)
        guard index > 0 else { return }
        let own = only.map { RouteMessage.bytes($0) }
        for entry in addresses(of: index) where own == nil || own == entry.address { try remove(entry, interface) }
    }

    private static func switchOn(_ index: UInt32, mtu: Int?, _ interface: String) throws(SystemError) {
        var link = ifinfomsg()
        link.ifi_family = UInt8(AF_UNSPEC)
        link.ifi_index = Int32(index)
        link.ifi_flags = UInt32(IFF_UP)
        link.ifi_change = UInt32(IFF_UP)
        var message = RouteMessage(RTM_NEWLINK, link)
        if let mtu { message.add(IFLA_MTU, UInt32(mtu)) }
        try message.send("switch \(interface) on")
    }

    private static func remove(_ entry: InterfaceAddressEntry, _ interface: String) throws(SystemError) {
        // The same one may be there with another prefix, or another end.
        var message = RouteMessage(RTM_DELADDR, header(entry.index, Int(entry.prefixLength)))
        message.add(IFA_LOCAL, entry.address)
        message.add(IFA_ADDRESS, entry.far)
        try message.send("take an address from \(interface)", unless: EADDRNOTAVAIL)
    }

    private static func header(_ index: UInt32, _ prefixLength: Int) -> ifaddrmsg {
        var header = ifaddrmsg()
        header.ifa_family = UInt8(AF_INET)
        header.ifa_prefixlen = UInt8(prefixLength)
        header.ifa_scope = UInt8(RT_SCOPE_UNIVERSE.rawValue)
        header.ifa_index = index
        return header
    }

    private static func addresses(of index: UInt32) -> [InterfaceAddressEntry] {
        (InterfaceAddressEntry.all() ?? []).filter { $0.index == index }
    }
}
