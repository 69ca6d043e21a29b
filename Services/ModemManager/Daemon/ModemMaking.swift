internal import GPIOLines
internal import Log
internal import ModemProtocol
internal import Primitives
internal import SiteConfiguration
internal import Storage

/// Makes the carrier of a modem of what the site's file says, and reads the secrets that it names.
struct ModemMaking {
    let section: ModemUplinkSection
    let interface: String
    /// Which one it is among the uplinks, from 0.
    let number: Int
    /// Of the uplink.
    let name: String
    let runtimeFolder: String
    let log: Log

    func carrier() -> ModemCarrier {
        ModemCarrier(
            ModemCarrier.Settings(
                modem: settings,
                interface: interface,
                pppd: pppd,
                chat: section.chat,
                dhcpClient: dhcpClient,
                hasOnePort: section.dataPort == nil && section.connection == .ppp,
                pulses: pulses,
                hasTwoSIMs: section.secondSIM != nil,
                returnAfter: section.secondSIM?.returnHours.map { .seconds(3600) * $0 }
            )
        )
    }

    private var settings: ModemSettings {
        ModemSettings(
            connection: section.connection == .ppp ? .ppp : .networkInterface,
            pin: section.pinFile.flatMap(secret),
            secondPIN: section.secondSIM?.pinFile.flatMap(secret),
            triesPINWithoutCounter: section.triesPINWithoutCounter,
            allowsRoaming: section.roaming,
            operatorCode: section.network,
            access: AccessTable(override: section.access.map { profile($0, 0) }, rows: rows),
            powerKey: section.pins.powerKey.map {
                .init(pulse: .milliseconds($0.onMilliseconds), portMeansOn: $0.portMeansOn)
            },
            switchesSIMByLine: section.pins.simSelect != nil,
            family: section.family
        )
    }

    private var pulses: [String: Duration] {
        let pins = section.pins
        let all: [(String, Duration?)] = [
            (ModemCarrier.Name.powerKey, pins.powerKey.map { .milliseconds($0.offMilliseconds) }),
            (ModemCarrier.Name.resetLine, pins.reset.map { .milliseconds($0.milliseconds) }),
            (ModemCarrier.Name.supply, pins.supply.map { .seconds($0.seconds) }),
        ]
        return Dictionary(uniqueKeysWithValues: all.compactMap { name, pulse in pulse.map { (name, $0) } })
    }

    private var rows: [AccessTable.Row] {
        section.profiles.enumerated().flatMap { index, access -> [AccessTable.Row] in
            let profile = profile(access, index + 1)
            return [
                access.iccid.map { .init(.iccid(prefix: $0), profile) },
                access.imsi.map { .init(.imsi(prefix: $0), profile) },
            ]
            .compactMap { $0 }
        }
    }

    private func profile(_ access: ModemAccessSection, _ index: Int) -> AccessProfile {
        let password = access.passwordFile.flatMap(secret)
        let authentication: AccessProfile.Authentication =
            switch access.authentication {
            case .none: .none
            case .pap: .pap
            case .chap: .chap
            }
        let family: AccessProfile.AddressFamily =
            switch access.addresses {
            case .ipv4: .ipv4
            case .ipv6: .ipv6
            case .both: .both
            }
        return AccessProfile(
            apn: access.apn,
            user: access.user,
            password: password,
            authentication: authentication,
            addressFamily: family,
            optionsPath: access.user.flatMap { options($0, password, index) }
        )
    }

    // MARK: - Secrets

    /// What a file holds, without the end of its line; nil, and a line in the log, where it cannot be read.
    private func secret(_ path: String) -> Secret? {
        guard let text = SmallFile(path).foreignText, !text.isEmpty else {
            log.write(LogRecord(.error, "a secret of the modem cannot be read", .init("file", path)))
            return nil
        }
        return Secret(text)
    }

    /// Name and password for pppd, in a file of ours: a command line can be read by everybody.
    private func options(_ user: String, _ password: Secret?, _ index: Int) -> String? {
        let path = "\(runtimeFolder)/ppp-\(number)-\(index)"
        let text = "user \(quoted(user))\npassword \(quoted(password?.exposed ?? ""))\nhide-password\n"
        do throws(SmallFileError) {
            try SmallFile(path).replace(with: Array(text.utf8), access: .init(mode: 0o600))
            return path
        } catch {
            log.write(LogRecord(.error, "name and password for pppd cannot be written", .init("why", error)))
            return nil
        }
    }

    /// pppd(8): a backslash takes the meaning of what follows it.
    private func quoted(_ text: String) -> String {
        "\"" + text.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "\""
    }

    // MARK: - Dialling

    /// In the foreground, and for ever: what it does with an address is up to its script.
    private var dhcpClient: [String] {
        guard let path = section.dhcpClient, section.connection == .networkInterface else { return [] }
        let name = path.split(separator: "/").last ?? ""
        if name == "dhclient" { return [path, "-d"] + (section.dhcpScript.map { ["-sf", $0] } ?? []) + [interface] }
        let script = section.dhcpScript.map { ["-s", $0] } ?? []
        return [path] + (name == "busybox" ? ["udhcpc"] : []) + ["-f", "-R", "-A", "10", "-i", interface] + script
    }

    private var pppd: [String] {
        let unit = String(interface.drop { !$0.isNumber })
        return [
            section.pppd, section.dataPort ?? section.port, "\(section.baud)", "nodetach", "noauth", "noipdefault",
            "ipcp-accept-local", "ipcp-accept-remote", "novj", "novjccomp", "noccp", "nobsdcomp", "nodeflate", "local",
            "nocrtscts", "usepeerdns", "nodefaultroute", "unit",
            unit.isEmpty ? "0" : unit, "linkname", "charger-\(number)", "maxfail", "1", "lcp-echo-interval", "20",
            "lcp-echo-failure", "3", "lcp-echo-adaptive", "logfile",
            CarrierHands.logPath(runtimeFolder: runtimeFolder, uplink: name, program: ModemCarrier.Name.pppd),
        ]
    }
}

extension ModemPinsSection {
    /// For the kernel, by the names of the carrier.
    var made: [CarrierPins.Pin] {
        let keys: [(String, PinSettings?)] = [
            (ModemCarrier.Name.powerKey, powerKey?.line),
            (ModemCarrier.Name.resetLine, reset?.line),
            (ModemCarrier.Name.supply, supply?.line),
        ]
        let pulsed = keys.compactMap { name, pin in
            pin.map { CarrierPins.Pin(name: name, line: $0.request, waits: false) }
        }
        let kept = simSelect.map { CarrierPins.Pin(name: ModemCarrier.Name.simSelect, line: $0.request, waits: true) }
        return pulsed + [kept].compactMap { $0 }
    }
}

extension PinSettings {
    /// As the kernel is asked for it.
    fileprivate var request: GPIOLineGroup.Settings.Line {
        let place: GPIOLineName.Line = UInt32(line).map { .offset($0) } ?? .name(line)
        let bias: GPIOBias =
            switch bias {
            case .asIs: .asIs
            case .pullUp: .pullUp
            case .pullDown: .pullDown
            case .disabled: .disabled
            }
        return GPIOLineGroup.Settings.Line(
            GPIOLineName(chip: chip, line: place),
            isActiveLow: activeLow,
            bias: bias
        )
    }
}
