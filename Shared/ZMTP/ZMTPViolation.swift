/// Why a connection is no ZMTP 3.0 connection of a subscriber; it is to be closed.
public struct ZMTPViolation: Error, Equatable, Sendable, CustomStringConvertible {
    /// For the log: what came and what was expected.
    public let description: String

    init(_ description: String) { self.description = description }
}
