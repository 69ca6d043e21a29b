/// What a text must look like beyond its length.
public struct TextForm: Sendable {
    /// As a regular expression of ECMA 262; nil when anything does.
    let pattern: String?
    /// Not to be shown to anybody, also where it is wrong.
    let isSecret: Bool
    /// Whether this text may hold what nobody is to see, such as an address with a password in it.
    let hides: @Sendable (String) -> Bool
    /// What is expected of a text that does not fit; nil for one that does.
    let problem: @Sendable (String) -> String?

    init(
        pattern: String?,
        isSecret: Bool = false,
        hides: @escaping @Sendable (String) -> Bool = { _ in false },
        problem: @escaping @Sendable (String) -> String?
    ) {
        self.pattern = pattern
        self.isSecret = isSecret
        self.hides = { isSecret || hides($0) }
        self.problem = problem
    }

    /// Anything.
    public static let any = TextForm(pattern: nil) { _ in nil }
}
