public import HardwareCore
public import Primitives

/// What the machine of a card reader orders of its line, and tells.
public enum ReaderEffect: Equatable, Sendable {
    case line(LineOrder)
    case report(DriverEvent)
    case log(LogRecord)
}

/// What a machine counts of the conversation with its device, from its start on.
public struct LineCounters: Equatable, Sendable {
    /// Questions that were answered, or frames that were understood.
    public var exchanges: Int64 = 0
    /// Questions that were not answered in time.
    public var timeouts: Int64 = 0
    public var checksumErrors: Int64 = 0
    /// Frames and lines that are none.
    public var framingErrors: Int64 = 0
    /// Answers that refuse.
    public var refusals: Int64 = 0

    public init() {}
}
