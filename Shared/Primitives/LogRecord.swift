/// What a machine wants logged, as a value: tests see it, the shell writes it.
public struct LogRecord: Hashable, Sendable {
    /// Levels with their journald priority.
    public enum Level: Int, Comparable, Sendable, CaseIterable {
        /// A bug of ours.
        case fault = 2
        /// The outside failed us and it matters.
        case error = 3
        /// Something unusual that the service coped with.
        case warning = 4
        /// A state transition that a support engineer needs.
        case notice = 5
        /// Off by default.
        case info = 6
        /// Off by default.
        case debug = 7

        /// More urgent sorts first, as in journald.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    public var level: Level
    /// What happened, in words; no secrets, no full idTags.
    public var message: String
    /// Facts beside it, written as `key=value` in this order.
    public var fields: [Field]

    public struct Field: Hashable, Sendable {
        public var key: String
        public var value: String

        public init(_ key: String, _ value: some CustomStringConvertible) {
            self.key = key
            self.value = value.description
        }
    }

    public init(_ level: Level, _ message: String, _ fields: Field...) {
        self.level = level
        self.message = message
        self.fields = fields
    }
}

extension String {
    /// The text with all but its last four characters replaced, for idTags in logs (personal data).
    public var redactedForLog: String {
        count <= 4 ? String(repeating: "*", count: count) : String(repeating: "*", count: count - 4) + suffix(4)
    }
}
