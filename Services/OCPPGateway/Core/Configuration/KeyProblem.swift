/// A value that does not fit its key, for people.
public struct KeyProblem: Error, Equatable, Sendable, CustomStringConvertible {
    public var key: String
    /// What is wrong and what was expected, to be read after the key's name.
    public var reason: String

    public init(key: String, reason: String) {
        self.key = key
        self.reason = reason
    }

    public var description: String { "\(key) \(reason)" }
}
