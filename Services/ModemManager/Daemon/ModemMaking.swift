internal import ModemProtocol
internal import Primitives
internal import SiteConfiguration

/// Makes the carrier of a modem of what the site's file says, and reads the secrets that it names.
struct ModemMaking {
    let section: ModemUplinkSection
    let interface: String
    /// Which one it is among the uplinks, from 0.
    let number: Int
    /// Of the uplink.
    let name: String
    let access: AccessMaking

    func carrier() -> ModemCarrier {
        ModemCarrier(
            ModemCarrier.Settings(
                modem: settings,
                interface: interface,
                pppd: pppd,
                chat: section.chat,
                dhcpClient: dhcpClient,
                dhcpRenews: DialMaking.renewsBySignal(section.dhcpClient),
                hasOnePort: section.dataPort == nil && section.connection == .ppp,
                pulses: section.pins.pulses,
                hasTwoSIMs: section.secondSIM != nil,
                returnAfter: section.secondSIM?.returnHours.map { .seconds(3600) * $0 }
            )
        )
    }

    private var settings: ModemSettings {
        ModemSettings(
            connection: section.connection == .ppp ? .ppp : .networkInterface,
            pin: section.sim.pinFile.flatMap(access.secret),
            secondPIN: section.secondSIM?.pinFile.flatMap(access.secret),
            triesPINWithoutCounter: section.sim.triesPINWithoutCounter,
            allowsRoaming: section.sim.roaming,
            operatorCode: section.sim.network,
            access: access.table(section.sim.access, section.sim.profiles),
            powerKey: section.pins.powerKey.map {
                .init(pulse: .milliseconds($0.onMilliseconds), portMeansOn: $0.portMeansOn)
            },
            switchesSIMByLine: section.pins.simSelect != nil,
            family: section.family
        )
    }

    // MARK: - Dialling

    private var dhcpClient: [String] {
        guard section.connection == .networkInterface else { return [] }
        return DialMaking.dhcpClient(section.dhcpClient, script: section.dhcpScript)
    }

    private var pppd: [String] {
        let log = access.logPath(uplink: name)
        let options = DialMaking.pppd(interface: interface, number: number, logPath: log)
        return [section.pppd, section.dataPort ?? section.port, "\(section.baud)"] + options
    }
}

/// Makes the carrier of a modem of ModemManager's of what the site's file says.
struct MMCLIMaking {
    let section: MMCLIUplinkSection
    /// Of a call, where the modem is dialled.
    let callInterface: String
    let interfacesOfOthers: Set<String>
    let number: Int
    let name: String
    let access: AccessMaking

    func carrier() -> MMCLICarrier {
        let path = access.logPath(uplink: name)
        return MMCLICarrier(
            MMCLICarrier.Settings(
                modem: ModemSettings(
                    pin: section.sim.pinFile.flatMap(access.secret),
                    triesPINWithoutCounter: section.sim.triesPINWithoutCounter,
                    allowsRoaming: section.sim.roaming,
                    operatorCode: section.sim.network,
                    access: access.table(section.sim.access, section.sim.profiles)
                ),
                imei: section.imei,
                device: section.device,
                mmcli: section.mmcli,
                callInterface: callInterface,
                pppd: [section.pppd] + DialMaking.pppd(interface: callInterface, number: number, logPath: path),
                dhcpClient: DialMaking.dhcpClient(section.dhcpClient, script: section.dhcpScript),
                dhcpRenews: DialMaking.renewsBySignal(section.dhcpClient),
                pulses: section.pins.pulses,
                interfacesOfOthers: interfacesOfOthers
            )
        )
    }
}

/// What the programs are told that make data flow.
enum DialMaking {
    /// In the foreground, and for ever: what it does with an address is up to its script. The interface is to follow.
    static func dhcpClient(_ path: String?, script: String?) -> [String] {
        guard let path else { return [] }
        let name = name(of: path)
        if name == "dhclient" { return [path, "-d"] + (script.map { ["-sf", $0] } ?? []) }
        return [path] + (name == "busybox" ? ["udhcpc"] : []) + ["-f", "-R", "-A", "10"]
            + (script.map { ["-s", $0] } ?? []) + ["-i"]
    }

    /// It would end one that does not know it.
    static func renewsBySignal(_ path: String?) -> Bool { ["udhcpc", "busybox"].contains(name(of: path ?? "")) }

    private static func name(of path: String) -> Substring { path.split(separator: "/").last ?? "" }

    /// Behind program, port and speed.
    static func pppd(interface: String, number: Int, logPath: String) -> [String] {
        let unit = String(interface.drop { !$0.isNumber })
        return [
            "nodetach", "noauth", "noipdefault", "ipcp-accept-local", "ipcp-accept-remote", "novj", "novjccomp",
            "noccp", "nobsdcomp", "nodeflate", "local", "nocrtscts", "usepeerdns", "nodefaultroute", "unit",
            unit.isEmpty ? "0" : unit, "linkname", "charger-\(number)", "maxfail", "1", "lcp-echo-interval", "20",
            "lcp-echo-failure", "3", "lcp-echo-adaptive", "logfile", logPath,
        ]
    }
}
