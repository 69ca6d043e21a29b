/// What is wrong with the site's file, in one line: `charger.json: connectors[0].maximumCurrentAmps: expected 6…80, found 200`.
public struct SiteFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Name of the file, for people.
    public var file: String
    /// Where: `connectors[0].maximumCurrentAmps`, or `line 3, column 5`.
    public var path: String
    /// What was wrong, and what was expected.
    public var problem: String

    public init(file: String, path: String, problem: String) {
        self.file = file
        self.path = path
        self.problem = problem
    }

    public var description: String {
        path.isEmpty ? "\(file): \(problem)" : "\(file): \(Self.printable(path)): \(problem)"
    }

    /// Keys are anything that somebody wrote; a mistake is one line, and not a long one.
    private static func printable(_ path: String) -> String {
        let scalars = path.unicodeScalars.lazy.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars.prefix(160))
        return String(text)
    }
}

/// All that is wrong with the site's file.
public struct SiteFileErrors: Error, Equatable, Sendable, CustomStringConvertible {
    /// At least one.
    public var mistakes: [SiteFileError]

    public init(_ mistakes: [SiteFileError]) { self.mistakes = mistakes }

    /// A line for each.
    public var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
