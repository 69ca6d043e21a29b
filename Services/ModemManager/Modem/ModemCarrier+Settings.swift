extension ModemCarrier {
    /// How the carrier calls what its effects are about.
    public enum Name {
        public static let line = "at"
        public static let pppd = "pppd"
        public static let dhcp = "dhcp"
        public static let powerKey = "powerKey"
        public static let resetLine = "reset"
        public static let supply = "supply"
        public static let simSelect = "simSelect"
    }

    public struct Settings: Equatable, Sendable {
        public var modem: ModemSettings
        /// What carries data: `ppp0`, or the modem's own; empty for that which `interfaceFound` tells.
        public var interface: String
        /// `pppd` with all its arguments but the call, beginning with an absolute path.
        public var pppd: [String]
        /// `chat`, an absolute path: what pppd speaks with the modem by.
        public var chat: String
        /// The DHCP client with its arguments but the last, the interface, beginning with an absolute path. It goes on and does not leave the
        /// foreground; empty where a service of the system gets the address of the modem's network interface.
        public var dhcpClient: [String]
        /// Whether it takes SIGUSR1 for an order to renew its lease, and runs its script then; else it is started anew.
        public var dhcpRenews: Bool
        /// Whether commands and data share one port.
        public var hasOnePort: Bool
        /// Pins that there are, of `Name`, and how long the ladder drives them: the power key as long as switches the modem off whatever state
        /// it is in, the reset line, the supply until capacitors are empty.
        public var pulses: [String: Duration]
        /// Whether there are two slots for SIMs.
        public var hasTwoSIMs: Bool
        /// When the first SIM is tried again; nil leaves the second one in use.
        public var returnAfter: Duration?

        public init(
            modem: ModemSettings,
            interface: String = "ppp0",
            pppd: [String] = [],
            chat: String = "/usr/sbin/chat",
            dhcpClient: [String] = [],
            dhcpRenews: Bool = true,
            hasOnePort: Bool = false,
            pulses: [String: Duration] = [:],
            hasTwoSIMs: Bool = false,
            returnAfter: Duration? = nil
        ) {
            self.modem = modem
            self.interface = interface
            self.pppd = pppd
            self.chat = chat
            self.dhcpClient = dhcpClient
            self.dhcpRenews = dhcpRenews
            self.hasOnePort = hasOnePort
            self.pulses = pulses
            self.hasTwoSIMs = hasTwoSIMs
            self.returnAfter = returnAfter
        }
    }
}
