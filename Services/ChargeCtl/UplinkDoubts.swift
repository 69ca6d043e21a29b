internal import Glibc
internal import JSON
internal import SiteConfiguration

/// What keeps modem-manager, on this machine, from using what a site's file says of modems: secrets and programs.
struct UplinkDoubts {
    let file: SiteFile
    /// Whom the service runs as; nil when that is not known.
    let user: ServiceUser?

    /// - Returns: What is wrong with each, by its path in the file.
    func all() -> [SiteFileError] {
        guard let uplinks = try? file.uplinks() else { return [] }
        return uplinks.flatMap { uplink -> [SiteFileError] in
            let choice = uplink.driver
            if let modem = try? file.settings(of: choice, as: ModemUplinkSection.self), choice.driver == "modem" {
                return problems(at: choice.path, secrets(modem.sim, modem.secondSIM?.pinFile), programs(modem))
            }
            if let modem = try? file.settings(of: choice, as: MMCLIUplinkSection.self), choice.driver == "mmcli" {
                // Only some modems of ModemManager's are dialled: whoever names a program wants it.
                let pppd = choice.settings["pppd"] == nil ? nil : modem.pppd
                let programs = [
                    ("mmcli", modem.mmcli), ("pppd", pppd), ("dhcpClient", modem.dhcpClient),
                    ("dhcpScript", modem.dhcpScript),
                ]
                return problems(at: choice.path, secrets(modem.sim, nil), programs)
            }
            return []
        }
    }

    // MARK: - What they name

    private typealias Named = [(name: String, path: String?)]

    private func secrets(_ sim: ModemSIMSection, _ secondPIN: String?) -> Named {
        [("pinFile", sim.pinFile), ("secondSIM.pinFile", secondPIN), ("access.passwordFile", sim.access?.passwordFile)]
            + sim.profiles.enumerated().map { ("profiles[\($0)].passwordFile", $1.passwordFile) }
    }

    private func programs(_ modem: ModemUplinkSection) -> Named {
        switch modem.connection {
        case .ppp: [("pppd", modem.pppd), ("chat", modem.chat)]
        case .networkInterface: [("dhcpClient", modem.dhcpClient), ("dhcpScript", modem.dhcpScript)]
        }
    }

    private func problems(at place: String, _ secrets: Named, _ programs: Named) -> [SiteFileError] {
        let found =
            secrets.map { ($0.name, $0.path.flatMap(problem(ofSecret:))) }
            + programs.map { ($0.name, $0.path.flatMap(problem(ofProgram:))) }
        return found.compactMap { name, problem in problem.map { file.failure(at: "\(place).\(name)", $0) } }
    }

    // MARK: - Judging

    private func problem(ofSecret path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return missing(path) }
        defer { unsafe free(resolved) }
        let place = unsafe String(cString: resolved)
        var status = stat()
        guard unsafe stat(place, &status) == 0 else { return nil }
        if let obstacle = user?.obstacle(to: place) { return "modem-manager cannot read it: \(obstacle)" }
        guard status.st_mode & S_IROTH != 0 else { return nil }
        let mode = String(status.st_mode & 0o7777, radix: 8)
        return "\(path) has mode \(mode): everybody on this machine may read the secret"
    }

    private func problem(ofProgram path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return missing(path) }
        let isProgram = status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o111 != 0
        return isProgram ? nil : "\(path) is no program"
    }

    /// Of a path that cannot be looked at; nil where it may be there, and we may not look.
    private func missing(_ path: String) -> String? {
        errno == ENOENT || errno == ENOTDIR ? "there is no \(path)" : nil
    }
}
