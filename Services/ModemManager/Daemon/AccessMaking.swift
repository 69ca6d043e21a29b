internal import Log
internal import ModemProtocol
internal import Primitives
internal import SiteConfiguration
internal import Storage

/// How one uplink gets into the packet network, of what the site's file says, and the secrets that it names.
final class AccessMaking {
    private let number: Int
    private let runtimeFolder: String
    private let log: Log
    private var problems: [String] = []

    /// - Parameters:
    ///   - number: Which uplink it is, from 0.
    ///   - runtimeFolder: Where `pppd` finds name and password.
    ///   - log: Hears of what cannot be read.
    init(number: Int, runtimeFolder: String, log: Log) {
        self.number = number
        self.runtimeFolder = runtimeFolder
        self.log = log
    }

    /// What could not be read or written so far, for people; nil when nothing is wrong. There may be a password for each of many profiles: the log
    /// has all of them.
    var complaint: String? {
        guard !problems.isEmpty else { return nil }
        let told = problems.prefix(2).joined(separator: "; ")
        return problems.count > 2 ? "\(told); and \(problems.count - 2) more" : told
    }

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

    /// Where `pppd` writes what it does for the uplink of this name.
    func logPath(uplink: String) -> String {
        CarrierHands.logPath(runtimeFolder: runtimeFolder, uplink: uplink, program: ModemCarrier.Name.pppd)
    }

    // MARK: - Secrets

    /// What a file holds, without the space around it; nil where it cannot be read, which is a complaint.
    func secret(_ path: String) -> Secret? {
        do throws(SmallFileError) {
            if let text = try SmallFile(path).text(from: .foreign) { return Secret(text) }
            complain("a secret of the modem cannot be read", "\(path) is empty")
        } catch {
            complain("a secret of the modem cannot be read", error.description)
        }
        return nil
    }

    private func complain(_ problem: String, _ why: String) {
        // Two profiles may name one file.
        let sentence = "\(problem): \(why)"
        if problems.contains(sentence) { return }
        problems.append(sentence)
        log.write(LogRecord(.error, problem, .init("why", why)))
    }

    /// Name and password for pppd, in a file of ours: a command line can be read by everybody.
    private func options(_ user: String, _ password: Secret?, _ index: Int) -> String? {
        let path = "\(runtimeFolder)/ppp-\(number)-\(index)"
        let text = "user \(quoted(user))\npassword \(quoted(password?.exposed ?? ""))\nhide-password\n"
        do throws(SmallFileError) {
            try SmallFile(path).replace(with: Array(text.utf8), access: .init(mode: 0o600))
            return path
        } catch {
            complain("name and password for pppd cannot be written", error.description)
            return nil
        }
    }

    /// pppd(8): a backslash takes the meaning of what follows it.
    private func quoted(_ text: String) -> String {
        "\"" + text.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
}
