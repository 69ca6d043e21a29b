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

    public var description: String { path.isEmpty ? "\(file): \(problem)" : "\(file): \(path): \(problem)" }
}
