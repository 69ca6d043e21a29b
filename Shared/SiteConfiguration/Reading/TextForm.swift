/// What a text must look like beyond its length.
public struct TextForm: Sendable {
    /// As a regular expression of ECMA 262; nil when anything does.
    let pattern: String?
    /// Not to be shown to anybody, also where it is wrong.
    let isSecret: Bool
    /// What is expected of a text that does not fit; nil for one that does.
    let problem: @Sendable (String) -> String?

    init(pattern: String?, isSecret: Bool = false, problem: @escaping @Sendable (String) -> String?) {
        self.pattern = pattern
        self.isSecret = isSecret
        self.problem = problem
    }

    /// Anything.
    public static let any = TextForm(pattern: nil) { _ in nil }
}
