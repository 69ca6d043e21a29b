/// Names a request to a core until it is answered; chosen by the shell, unique while it is open.
public struct RequestID: Hashable, Sendable {
    public var value: UInt64

    public init(_ value: UInt64) { self.value = value }
}
