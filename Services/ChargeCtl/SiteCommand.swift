internal import GatewaySite
internal import HardwareSite
internal import JSON
internal import SerialPort
internal import ServiceHost
internal import SiteConfiguration
internal import Storage

/// `chargectl config check` and `schema`: the site's file. No service needs to run.
enum SiteCommand {
    /// Says what every service would say of the file.
    static func check(_ arguments: inout Arguments) throws -> ExitStatus {
        let path = try arguments.next("the file")
        try arguments.end()
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
            let places = [("rootCertificates", central.rootCertificates), ("revocationLists", central.revocationLists)]
            for (name, place) in places {
                guard let place, let problem = problem(ofCertificates: place) else { continue }
                doubts.append(file.failure(at: "centralSystem.\(name)", problem))
            }
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

    /// On this machine, which need not be the charger.
    private static func problem(ofCertificates path: String) -> String? {
        do throws(SmallFileError) {
            let text = try SmallFile(path, maximumBytes: largestCertificates).read(from: .chosen)
            // PEM (RFC 7468 §2): whatever else stands in the file is comment.
            let lines = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
            return lines.contains { $0.hasPrefix("-----BEGIN ") }
                ? nil : "\(path) has nothing in PEM; no wss:// connection is made with it"
        } catch {
            return "no wss:// connection is made without it: \(error)"
        }
    }

    private static let largestCertificates = 4 * 1024 * 1024

    static func schema(_ arguments: inout Arguments) throws {
        try arguments.end()
        Output.json(SiteSchema.document(keys: OCPPSection.fields), pretty: true)
    }
}
