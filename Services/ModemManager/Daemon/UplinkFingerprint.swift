internal import ModemProtocol
internal import SiteConfiguration

/// Tells settings of an uplink with which a connection was made from others, under which it is somebody else's: which modem, by which programs, into
/// which network. Passwords are not among them. A setting that is added later counts where it is given alone, so that an update ends no connection.
struct UplinkFingerprint {
    private var text = ""

    init(_ kind: String) { text = kind }

    mutating func add(_ name: String, _ value: String?) {
        if let value { text += "\n\(name)=\(value)" }
    }

    mutating func add(_ sim: ModemSIMSection) {
        add("network", sim.network)
        add("access", sim.access.map(Self.text))
        for profile in sim.profiles { add("profile", Self.text(profile)) }
    }

    private static func text(_ access: ModemAccessSection) -> String {
        let kinds = [access.authentication.rawValue, access.addresses.rawValue]
        return ([access.iccid, access.imsi, access.apn, access.user, access.passwordFile].map { $0 ?? "" } + kinds)
            .joined(separator: "\t")
    }

    /// FNV-1a.
    var hash: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return String(hash, radix: 16)
    }
}

extension ModemUplinkSection {
    /// What it is with the interface of the uplink's section.
    func fingerprint(interface: String?, number: Int) -> String {
        var fingerprint = UplinkFingerprint(ModemCarrier.kind)
        fingerprint.add("connection", connection.rawValue)
        fingerprint.add("interface", interface ?? (connection == .ppp ? "ppp\(number)" : nil))
        fingerprint.add("port", port)
        fingerprint.add("dataPort", dataPort)
        fingerprint.add("baud", "\(baud)")
        fingerprint.add(sim)
        let programs = connection == .ppp ? [pppd, chat] : [dhcpClient, dhcpScript]
        for program in programs { fingerprint.add("program", program) }
        return fingerprint.hash
    }
}

extension MMCLIUplinkSection {
    /// What it is with the interface of the uplink's section.
    func fingerprint(interface: String?, number: Int) -> String {
        var fingerprint = UplinkFingerprint(MMCLICarrier.kind)
        fingerprint.add("interface", interface ?? "ppp\(number)")
        fingerprint.add("imei", imei)
        fingerprint.add("device", device)
        fingerprint.add(sim)
        for program in [pppd, dhcpClient, dhcpScript] { fingerprint.add("program", program) }
        return fingerprint.hash
    }
}
