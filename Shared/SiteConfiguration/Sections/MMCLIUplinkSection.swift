/// What the driver `mmcli` of an uplink needs to know: a cellular modem that belongs to ModemManager.
public struct MMCLIUplinkSection: DriverSettings, Equatable, Sendable {
    /// Of the modem to use; nil with `device` for the first one that ModemManager names.
    public var imei: String?
    /// The folder of `/sys` of the modem to use.
    public var device: String?
    public var sim: ModemSIMSection
    public var pins: ModemPinsSection
    /// Gets the address where ModemManager says that it comes by DHCP; nil where a service of the system does.
    public var dhcpClient: String?
    /// What the client runs to set the address, beside its own; nil for its own.
    public var dhcpScript: String?
    public var pppd: String
    public var mmcli: String

    /// Its ports are ModemManager's. The modem is nobody else's: two uplinks would each give it a PIN, and end each other's connection.
    public var claims: [DriverClaim] {
        let marks = [("imei", imei), ("device", device.map(DriverClaim.plainPath))].compactMap { kind, mark in
            mark.map { (kind, $0) }
        }
        let modem = DriverClaim(
            "a modem of ModemManager (each uplink needs another \"imei\" or another \"device\")",
            marks: Dictionary(uniqueKeysWithValues: marks)
        )
        return [modem] + pins.all.map(\.claim)
    }

    public init(_ fields: Fields) {
        imei = fields.optionalText("imei", 15...15, "Of the modem. Default: the first one that ModemManager names.")
        device = fields.optionalText(
            "device",
            1...200,
            "Of the modem, as \"mmcli -m any\" tells it: /sys/devices/…, which says where it is plugged in."
        )
        sim = ModemSIMSection(fields)
        pins = fields.optionalObject("pins", "GPIO lines that hang on the modem.") ?? ModemPinsSection()
        dhcpClient = fields.optionalText(
            "dhcpClient",
            1...200,
            "The DHCP client, for a modem whose address comes so: udhcpc, busybox or dhclient. Default: a service of the system gets it."
        )
        dhcpScript = fields.optionalText("dhcpScript", 1...200, "The script of the DHCP client. Default: its own.")
        pppd = fields.text(
            "pppd",
            1...200,
            default: "/usr/sbin/pppd",
            "The program for a modem that ModemManager dials."
        )
        mmcli = fields.text(
            "mmcli",
            1...200,
            default: "/usr/bin/mmcli",
            "The program by which ModemManager is asked."
        )
        if pins.simSelect != nil { fields.note("pins", "ModemManager has one SIM: no \"simSelect\" here") }
        let programs = [("pppd", pppd), ("mmcli", mmcli), ("dhcpClient", dhcpClient), ("dhcpScript", dhcpScript)]
        for (name, path) in programs where path?.hasPrefix("/") == false {
            fields.note(name, "expected an absolute path")
        }
    }
}
