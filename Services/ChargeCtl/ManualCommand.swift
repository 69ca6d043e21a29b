internal import GatewaySite
internal import JSON
internal import ManualPage
internal import Primitives
internal import SiteConfiguration

/// `chargectl manual-page`: what `man` shows, made of the tables that the code goes by.
enum ManualCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.manual)
        let name = arguments.next()
        try arguments.end()
        switch name {
        case nil: pages.forEach { Output.line($0) }
        case "chargectl": Output.text(program.troff)
        case "charger.json": Output.text(SiteManual.page.troff)
        case let name?:
            let known = pages.joined(separator: " or ")
            throw UsageError("expected \(known), found \"\(name)\"", usage: Usage.manual)
        }
        return .done
    }

    static let pages = ["chargectl", "charger.json"]

    private static var program: ManualPage {
        let told = Command.all.filter { $0.about != nil }
        return ManualPage(
            name: "chargectl",
            number: 1,
            version: SoftwareVersion.current,
            about: "talks to the services of a charger",
            sections: [
                .init("SYNOPSIS", [.paragraph("chargectl [--runtime-dir DIR] [--timeout SECONDS] COMMAND …")]),
                .init("DESCRIPTION", [.literal(Usage.overview)]),
                .init("COMMANDS", told.flatMap { [.heading("chargectl \($0.name)"), .literal($0.usage)] }),
                .init("SEE ALSO", [.paragraph(SiteManual.services + ", charger.json(5)")]),
            ]
        )
    }
}

/// The page of the site's file.
enum SiteManual {
    static let services = "ocpp-gateway(8), hardware-io(8), modem-manager(8), config-store(8)"

    static var page: ManualPage {
        ManualPage(
            name: "charger.json",
            number: 5,
            version: SoftwareVersion.current,
            about: "factory and site settings of a charger",
            sections: [
                .init(
                    "DESCRIPTION",
                    [
                        .paragraph(
                            "A JSON object (RFC 8259) of sections. What is unknown or does not fit is refused, with its path and what was expected; "
                                + "chargectl config check says all of it at once. The services read the file when they start."
                        )
                    ]
                ),
                .init("SECTIONS", SiteFile.fields.flatMap(section)),
                .init(
                    "FILES",
                    [
                        .term(
                            "/etc/charger/charger.json",
                            "Where the services look unless --config or CHARGER_CONFIG says otherwise."
                        )
                    ]
                ),
                .init("SEE ALSO", [.paragraph("chargectl(1), \(services)")]),
            ]
        )
    }

    /// What the page says of a place in the file, as `connectors[0].cable`; nil where there is no such place.
    static func text(of place: String) -> String? {
        if let section = SiteFile.fields.first(where: { $0.name == place }) { return section.about }
        // The page names the members of every element of a list at once.
        let name = place.split(separator: "[", omittingEmptySubsequences: false).map { part in
            part.firstIndex(of: "]").map { "]" + part[part.index(after: $0)...] } ?? String(part)
        }.joined(separator: "[")
        for block in SiteFile.fields.flatMap(section) {
            if case .term(name, let text) = block { return text }
        }
        return nil
    }

    private static func section(_ field: SiteField) -> [ManualPage.Block] {
        let facts = facts(field)
        return [.heading(field.name), .paragraph(field.about + (facts.isEmpty ? "" : " \(facts)."))]
            + members(of: field.shape, under: field.name)
    }

    /// What stands below a value, by its whole path.
    private static func members(of shape: SiteShape, under path: String) -> [ManualPage.Block] {
        switch shape {
        case .object(let fields, _):
            return fields.flatMap { field in
                let place = "\(path).\(field.name)"
                return [.term(place, "\(field.about) \(facts(field)).")] + members(of: field.shape, under: place)
            }
        case .list(let element, _): return members(of: element, under: path + "[]")
        case .device(let drivers): return drivers.flatMap { members(of: $0.shape(), under: path) }
        case .keys:
            return OCPPSection.fields.map { .term("\(path).\($0.name)", "\($0.about) \(facts($0)).") }
        case .truth, .integer, .number, .text, .word: return []
        }
    }

    /// `1…600 s, default 30`
    private static func facts(_ field: SiteField) -> String {
        var facts = [words(field.shape) + (field.unit.map { " \($0)" } ?? "")]
        if field.isRequired { facts.append("required") }
        if let fallback = field.fallback, fallback != "" {
            facts.append("default \(fallback.asString ?? "\(fallback)")")
        }
        let text = facts.filter { !$0.isEmpty }.joined(separator: ", ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    private static func words(_ shape: SiteShape) -> String {
        switch shape {
        case .truth: "true or false"
        case .integer(let range): "\(range.lowerBound)…\(range.upperBound)"
        case .number(let numbers): numbers.map(String.init).joined(separator: " or ")
        case .text(let length, _): "text of \(length.lowerBound)…\(length.upperBound) characters"
        case .word(let words): words.map { "\($0.word) (\($0.about))" }.joined(separator: " or ")
        case .list(let element, let count):
            "list of \(count.lowerBound)…\(count.upperBound)" + (list(of: element).map { ", each \($0)" } ?? "")
        case .object, .keys: ""
        case .device(let drivers):
            "driver " + drivers.map { "\($0.name) (\($0.about))" }.joined(separator: " or ")
        }
    }

    private static func list(of element: SiteShape) -> String? {
        let text = words(element)
        return text.isEmpty ? nil : text
    }
}
