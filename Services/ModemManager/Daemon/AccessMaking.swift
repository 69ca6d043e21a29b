internal import Log
internal import ModemProtocol
internal import Primitives
internal import SiteConfiguration
internal import Storage

/// How to get into the packet network, of what the site's file says, and the secrets that it names.
struct AccessMaking {
    /// Which uplink it is, from 0.
    let number: Int
    let runtimeFolder: String
    let log: Log

    func table(_ access: ModemAccessSection?, _ profiles: [ModemAccessSection]) -> AccessTable {
        AccessTable(override: access.map { profile($0, 0) }, rows: rows(profiles))
    }

    private func rows(_ profiles: [ModemAccessSection]) -> [AccessTable.Row] {
        profiles.enumerated().flatMap { index, access -> [AccessTable.Row] in
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
    func secret(_ path: String) -> Secret? {
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
}
