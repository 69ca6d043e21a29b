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
                hasOnePort: section.dataPort == nil && section.connection == .ppp
            )
        )
    }

    private var settings: ModemSettings {
        ModemSettings(
            connection: section.connection == .ppp ? .ppp : .networkInterface,
            pin: section.pinFile.flatMap(secret),
            triesPINWithoutCounter: section.triesPINWithoutCounter,
            allowsRoaming: section.roaming,
            operatorCode: section.network,
            access: AccessTable(override: section.access.map { profile($0, 0) }, rows: rows),
            family: section.family
        )
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

    private var pppd: [String] {
        let unit = String(interface.drop { !$0.isNumber })
        return [
            section.pppd, section.dataPort ?? section.port, "\(section.baud)", "nodetach", "noauth", "noipdefault",
            "ipcp-accept-local", "ipcp-accept-remote", "novj", "novjccomp", "noccp", "nobsdcomp", "nodeflate", "local",
            "nocrtscts", "usepeerdns", "defaultroute", "defaultroute-metric", "\(700 + number)", "unit",
            unit.isEmpty ? "0" : unit, "linkname", "charger-\(number)", "maxfail", "1", "lcp-echo-interval", "20",
            "lcp-echo-failure", "3", "lcp-echo-adaptive", "logfile",
            CarrierHands.logPath(runtimeFolder: runtimeFolder, uplink: name, program: ModemCarrier.Name.pppd),
        ]
    }
}
