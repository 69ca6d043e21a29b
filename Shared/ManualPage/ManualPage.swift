/// A page for `man`, as values. `troff` writes it.
public struct ManualPage: Sendable {
    /// A part of a section.
    public enum Block: Sendable {
        case paragraph(String)
        /// A term, and what it means below it, indented.
        case term(String, String)
        /// Lines that are shown as they are.
        case literal(String)
        /// A title within the section.
        case heading(String)
    }

    /// What stands under one title in capitals.
    public struct Section: Sendable {
        public var title: String
        public var blocks: [Block]

        public init(_ title: String, _ blocks: [Block]) {
            self.title = title
            self.blocks = blocks
        }
    }

    /// `ocpp-gateway`
    public var name: String
    /// 1 for programs of people, 5 for files, 8 for services.
    public var number: Int
    /// Of the software.
    public var version: String
    /// Half a line, without a full stop.
    public var about: String
    public var sections: [Section]

    public init(name: String, number: Int, version: String, about: String, sections: [Section]) {
        self.name = name
        self.number = number
        self.version = version
        self.about = about
        self.sections = sections
    }

    /// The page in the macros of `man`, which groff and mandoc read.
    public var troff: String {
        let title = "\"\(Self.escaped(name.uppercased()))\" \"\(number)\""
        var lines = [
            ".TH \(title) \"\" \"charger \(Self.escaped(version))\" \"Charger\"",
            ".SH NAME", "\(Self.escaped(name)) \\- \(Self.line(about))",
        ]
        for section in sections {
            lines.append(".SH \"\(Self.escaped(section.title))\"")
            var isFirst = true
            for block in section.blocks {
                lines += Self.lines(block, isFirst: isFirst)
                if case .heading = block { isFirst = true } else { isFirst = false }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ block: Block, isFirst: Bool) -> [String] {
        switch block {
        // A paragraph begins under its title anyway.
        case .paragraph(let text): (isFirst ? [] : [".PP"]) + [line(text)]
        case .term(let term, let text): [".TP", "\\fB\(escaped(term))\\fR", line(text)]
        case .heading(let title): [".SS \"\(escaped(title))\""]
        case .literal(let text):
            (isFirst ? [] : [".PP"]) + [".nf"]
                + text.split(separator: "\n", omittingEmptySubsequences: false).map { line(String($0)) } + [".fi"]
        }
    }

    /// Text as one line that troff does not take for a request.
    private static func line(_ text: String) -> String {
        let escaped = escaped(text)
        return escaped.first == "." || escaped.first == "'" ? "\\&" + escaped : escaped
    }

    /// What troff would read as its own is spelled out: a bare hyphen would be printed as another character than the one to type.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "\"": result += "\\(dq"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case "\n": result += " "
            // In a locale without it troff leaves the character out, and 1…20 is read as 120.
            case "…": result += "..."
            case _ where scalar.value < 0x80: result.unicodeScalars.append(scalar)
            default: result += "\\[u\(hexadecimal(scalar))]"
            }
        }
        return result
    }

    /// At least four digits, as troff wants them.
    private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
