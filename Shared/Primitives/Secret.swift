/// A text that must not be seen: not in messages, logs, history, dumps or a test's failure message.
public struct Secret: Hashable, Sendable {
    /// The text, for the one who must write it to where it belongs. Nobody else may ask for it.
    public let exposed: String

    public init(_ text: String) { exposed = text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(secret)" }
    public var debugDescription: String { description }
    /// Hides the stored property from `dump` and from the test framework.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
