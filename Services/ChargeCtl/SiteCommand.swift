internal import GatewaySite
internal import HardwareSite
internal import JSON
internal import SerialPort
internal import ServiceHost
internal import SiteConfiguration
internal import Storage
internal import TLS

/// `chargectl config check` and `schema`: the site's file. No service needs to run.
enum SiteCommand {
    /// Says what every service would say of the file.
    static func check(_ arguments: inout Arguments) throws -> ExitStatus {
        let path = try arguments.next("the file")
        try arguments.end()
        Interruption.endsTheProgram()
        let mistakes: [SiteFileError]
        do throws(SiteFileError) {
            let file = try SiteFile(path: path)
            mistakes = Self.mistakes(in: file)
            if let problem = SiteAccess.problem(of: path) { Output.mistake("warning: \(problem)") }
            // Who has mistakes to mend does that first.
            if mistakes.isEmpty { for doubt in Self.doubts(of: file) { Output.mistake("warning: \(doubt)") } }
        } catch {
            mistakes = [error]
        }
        for mistake in mistakes { Output.mistake(mistake.description) }
        return mistakes.isEmpty ? .done : .wrongSettings
    }

    /// What all services together find.
    static func mistakes(in file: SiteFile) -> [SiteFileError] {
        file.mistakes() + OCPPSection.mistakes(in: file) + MeterFiles.mistakes(file)
            + file.conflicts(identity: DeviceFile.identity)
    }

    /// What is right, and still may not be what somebody wants.
    static func doubts(of file: SiteFile) -> [SiteFileError] {
        var doubts: [SiteFileError] = []
        if let central = try? file.centralSystem(), central.url.lowercased().hasPrefix("wss://") {
            doubts += problems(ofCertificates: central, in: file)
        }
        // A draft is for another day, or another machine.
        if file.name == SiteValues.usualPath {
            doubts += UplinkDoubts(file: file, user: .running("modem-manager", as: "charger-modem")).all()
        }
        guard let connectors = try? file.connectors(unknownKeys: .ignored),
            let readers = try? file.readers(unknownKeys: .ignored)
        else { return doubts }
        let withReader = Set(readers.flatMap(\.connectorIds))
        for connector in connectors where !withReader.contains(connector.id) {
            let problem =
                "no card reader is for connector \(connector.id): only the central system can begin a charge there"
            doubts.append(file.failure(at: "readers", problem))
        }
        return doubts
    }

    /// What keeps the gateway from using them, on this machine, which need not be the charger.
    private static func problems(ofCertificates central: CentralSystemSection, in file: SiteFile) -> [SiteFileError] {
        var problems: [SiteFileError] = []
        func doubt(_ name: String, _ problem: String?) {
            guard let problem else { return }
            problems.append(file.failure(at: "centralSystem.\(name)", problem))
        }
        func content(_ name: String, _ path: String) -> [UInt8]? {
            doubt(name, SiteAccess.problem(of: path, namedIn: file.name))
            do throws(SmallFileError) {
                // As the gateway reads them: it waits at no pipe.
                return try SmallFile(path, maximumBytes: CentralSystemSection.largestTrustFile).read(from: .foreign)
            } catch {
                doubt(name, "no wss:// connection is made without it: \(error)")
                return nil
            }
        }
        let roots = content("rootCertificates", central.rootCertificates)
        let problem = roots.flatMap { misreading(roots: $0, revocations: nil) }
        doubt("rootCertificates", problem.map { unusable(central.rootCertificates, $0) })
        guard let path = central.revocationLists, let revocations = content("revocationLists", path) else {
            return problems
        }
        guard let roots, problem == nil, let problem = misreading(roots: roots, revocations: revocations) else {
            return problems
        }
        doubt("revocationLists", unusable(path, problem))
        return problems
    }

    private static func unusable(_ path: String, _ problem: String) -> String {
        "no wss:// connection is made with \(path): \(problem)"
    }

    /// What the gateway says of them.
    private static func misreading(roots: [UInt8], revocations: [UInt8]?) -> String? {
        do throws(TLSFailure) {
            _ = try TLSContext.client(roots: roots, revocations: revocations)
            return nil
        } catch {
            // A machine without OpenSSL is another one than the charger.
            return error.cause == .configuration ? error.description : nil
        }
    }

    static func schema(_ arguments: inout Arguments) throws {
        try arguments.end()
        Output.json(SiteSchema.document(keys: OCPPSection.fields), pretty: true)
    }
}
