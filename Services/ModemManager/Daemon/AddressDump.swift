internal import CLinux
internal import Glibc

/// An address of IPv4 as the kernel tells it when all are asked for (rtnetlink(7)). `getifaddrs` names the label of each, which may be any that begins
/// with the name of its interface (`eth0:1`), and not the interface.
struct InterfaceAddressEntry: Equatable {
    /// Of the interface.
    let index: UInt32
    /// In the order of the network.
    let address: UInt32
    /// The other end of a link that has two; else the same.
    let far: UInt32
    let prefixLength: UInt8

    /// Whether it is this one of a network of that size: the size says whom the interface takes for neighbours.
    func isAt(_ address: UInt32, _ prefixLength: Int) -> Bool {
        self.address == address && far == address && Int(self.prefixLength) == prefixLength
    }

    /// All that the kernel has now, in its order; nil when it does not say.
    static func all() -> [InterfaceAddressEntry]? {
        var request = ifaddrmsg()
        request.ifa_family = UInt8(AF_INET)
        var found: [InterfaceAddressEntry] = []
        let isWhole = RouteMessage(RTM_GETADDR, flags: NLM_F_DUMP, request).dump { found += entries(in: $0) }
        return isWhole ? found : nil
    }

    /// Those among the messages of one datagram.
    static func entries(in messages: [RouteMessage.Part]) -> [InterfaceAddressEntry] {
        messages.compactMap { message in
            let size = MemoryLayout<ifaddrmsg>.size
            guard message.type == UInt16(RTM_NEWADDR), message.body.count >= size else { return nil }
            let header = message.body.withUnsafeBytes { $0.loadUnaligned(as: ifaddrmsg.self) }
            let attributes = RouteMessage.attributes(of: message.body.dropFirst(size))
            let far = RouteMessage.number(attributes, IFA_ADDRESS)
            guard header.ifa_family == UInt8(AF_INET), let address = RouteMessage.number(attributes, IFA_LOCAL) ?? far
            else { return nil }
            return InterfaceAddressEntry(
                index: header.ifa_index,
                address: address,
                far: far ?? address,
                prefixLength: header.ifa_prefixlen
            )
        }
    }
}
