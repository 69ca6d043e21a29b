internal import GatewaySite
internal import JSON
internal import ServiceHost
internal import SiteConfiguration

/// `chargectl config check` and `schema`: the site's file. No service needs to run.
enum SiteCommand {
    /// Says what every service would say of the file.
    static func check(_ arguments: inout Arguments) throws -> ExitStatus {
        let path = try arguments.next("the file")
        try arguments.end()
        let mistakes: [SiteFileError]
        do throws(SiteFileError) {
            mistakes = Self.mistakes(in: try SiteFile(path: path))
        } catch {
            mistakes = [error]
        }
        for mistake in mistakes { Output.mistake(mistake.description) }
        return mistakes.isEmpty ? .done : .wrongSettings
    }

    /// What all services together find.
    static func mistakes(in file: SiteFile) -> [SiteFileError] { file.mistakes() + OCPPSection.mistakes(in: file) }

    static func schema(_ arguments: inout Arguments) throws {
        try arguments.end()
        Output.json(SiteSchema.document(keys: OCPPSection.fields), pretty: true)
    }
}
