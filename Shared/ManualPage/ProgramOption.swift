/// One option of a command line: its line in `--help` and its paragraph in the manual page.
public struct ProgramOption: Equatable, Sendable {
    /// With its dashes: `--config`.
    public var name: String
    /// What stands behind it, in capitals; nil for one that stands alone.
    public var value: String?
    /// What it is for, without a full stop.
    public var about: String

    public init(_ name: String, _ value: String? = nil, _ about: String) {
        self.name = name
        self.value = value
        self.about = about
    }

    /// `--config FILE`
    public var words: String { value.map { "\(name) \($0)" } ?? name }

    /// The lines of `--help`: the words in a column, what they are for beside it.
    public static func help(_ options: [ProgramOption]) -> String {
        let width = (options.map(\.words.count).max() ?? 0) + 2
        return options.map { option in
            "  \(option.words)\(String(repeating: " ", count: width - option.words.count))\(option.about)\n"
        }.joined()
    }
}
