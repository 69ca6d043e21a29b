/// What the driver `modem` of an uplink needs to know: a cellular modem that takes AT commands.
public struct ModemUplinkSection: DriverSettings, Equatable, Sendable {
    public enum Connection: String, SiteChoice, Sendable {
        case ppp, networkInterface

        var about: String {
            switch self {
            case .ppp: "pppd dials on the port for data"
            case .networkInterface:
                "the modem's own network interface, which gets its address by DHCP"
            }
        }
    }

    /// For commands.
    public var port: String
    /// For data; nil where there is only one.
    public var dataPort: String?
    public var baud: Int
    public var connection: Connection
    public var sim: ModemSIMSection
    /// How to speak with it, where that is not to be found by what it says of itself.
    public var family: String?
    public var pins: ModemPinsSection
    /// The SIM in the second slot; nil where there is one.
    public var secondSIM: SecondSIMSection?
    /// Gets the address of the modem's network interface; nil where a service of the system does.
    public var dhcpClient: String?
    /// What the client runs to set the address, beside its own; nil for its own.
    public var dhcpScript: String?
    public var pppd: String
    public var chat: String

    /// Nobody else may open its ports or drive its lines.
    public var claims: [DriverClaim] {
        [port, dataPort].compactMap { $0 }.map { DriverClaim($0) } + pins.all.map(\.claim)
    }

    public init(_ fields: Fields) {
        port = fields.text("port", 1...200, "Of the modem, for commands: /dev/serial/by-id/… keeps its name.")
        dataPort = fields.optionalText("dataPort", 1...200, "Of the modem, for data. Default: there is only one port.")
        baud = fields.integer(
            "baud",
            300...4_000_000,
            default: 115_200,
            unit: "bit/s",
            "Speed of the ports; any on USB."
        )
        connection = fields.choice("connection", default: .ppp, "How data flows.")
        sim = ModemSIMSection(fields)
        family = fields.optionalText(
            "family",
            1...40,
            "How to speak with the modem. Default: by what it says of itself."
        )
        pins = fields.optionalObject("pins", "GPIO lines that hang on the modem.") ?? ModemPinsSection()
        secondSIM = fields.optionalObject("secondSIM", "The SIM in the second slot. Default: there is one.")
        dhcpClient = fields.optionalText(
            "dhcpClient",
            1...200,
            "The DHCP client for the modem's network interface: udhcpc, busybox or dhclient. Default: a service of the system gets its address."
        )
        dhcpScript = fields.optionalText("dhcpScript", 1...200, "The script of the DHCP client. Default: its own.")
        pppd = fields.text("pppd", 1...200, default: "/usr/sbin/pppd", "The program that dials.")
        chat = fields.text(
            "chat",
            1...200,
            default: "/usr/sbin/chat",
            "The program by which pppd speaks with the modem."
        )
        if pins.simSelect != nil, secondSIM == nil {
            fields.note("secondSIM", "required where \"pins\" have \"simSelect\", but missing")
        }
        let programs = [("pppd", pppd), ("chat", chat), ("dhcpClient", dhcpClient), ("dhcpScript", dhcpScript)]
        for (name, path) in programs where path?.hasPrefix("/") == false {
            fields.note(name, "expected an absolute path")
        }
    }
}

/// How to get into the packet network of an operator.
public struct ModemAccessSection: SiteReadable, Equatable, Sendable {
    public enum Authentication: String, SiteChoice, Sendable {
        case none, pap, chap

        var about: String {
            switch self {
            case .none: "no name and no password"
            case .pap: "PAP"
            case .chap: "CHAP"
            }
        }
    }

    public enum Addresses: String, SiteChoice, Sendable {
        case ipv4, ipv6, both

        var about: String {
            switch self {
            case .ipv4: "IPv4"
            case .ipv6: "IPv6"
            case .both: "IPv4 and IPv6"
            }
        }
    }

    /// How the ICCID of the cards begins.
    public var iccid: String?
    /// How the IMSI of the cards begins.
    public var imsi: String?
    public var apn: String
    public var user: String?
    public var passwordFile: String?
    public var authentication: Authentication
    public var addresses: Addresses

    public init(_ fields: Fields) {
        iccid = fields.optionalText("iccid", 1...20, "How the ICCID of the SIMs begins that it is for.")
        imsi = fields.optionalText("imsi", 1...15, "How the IMSI of the SIMs begins that it is for: MCC and MNC.")
        apn = fields.text("apn", 0...100, default: "", "Access point. Default: the network's choice.")
        user = fields.optionalText("user", 1...64, "Name.")
        passwordFile = fields.optionalText(
            "passwordFile",
            1...200,
            "File with the password, which only modem-manager can read."
        )
        authentication = fields.choice(
            "authentication",
            default: Authentication.none,
            "How name and password are given."
        )
        addresses = fields.choice("addresses", default: .ipv4, "Which addresses are asked for.")
    }
}
