/// A value that must never be seen: not in messages, logs, history, dumps or test failures. Only `reveal` gives it out.
public struct Secret: Hashable, Sendable {
    private let value: String

    public init(_ value: String) { self.value = value }

    /// The value, for the file of its owner and the document of the store. Nothing else may call it.
    public var reveal: String { value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "‹secret›" }
    public var debugDescription: String { description }
    /// Hides the stored property from `dump` and from the test framework.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
