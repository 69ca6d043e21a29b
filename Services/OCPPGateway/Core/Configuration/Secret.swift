/// A text that must not be seen: not in logs, not on the bus, not in a test's failure message.
public struct Secret: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// For the one who must write it to where it belongs.
    public let exposed: String

    public init(_ text: String) { exposed = text }

    public var description: String { "(secret)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
