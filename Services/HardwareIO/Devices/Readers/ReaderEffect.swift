public import BusSchema
public import HardwareCore
public import Primitives

/// What the machine of a card reader orders of its line, and tells.
public enum ReaderEffect: Equatable, Sendable {
    case line(LineOrder)
    case report(DriverEvent)
    case log(LogRecord)
}

/// A machine that speaks with a card reader over a line.
public protocol CardReaderMachine: Machine where Event == LineEvent, Effect == ReaderEffect {
    var counters: ConversationCounters { get }

    /// What the process leaves behind when it ends.
    mutating func end() -> [ReaderEffect]
}

/// What a machine counts of the conversation with its device, from its start on.
public struct ConversationCounters: Equatable, Sendable {
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

    /// As they are told to others; framing errors and refusals only where there are any.
    public var told: [DeviceState.Counter] {
        var counters: [DeviceState.Counter] = [
            .init(.exchanges, exchanges), .init(.timeouts, timeouts), .init(.checksumErrors, checksumErrors),
        ]
        if framingErrors > 0 { counters.append(.init(.framingErrors, framingErrors)) }
        if refusals > 0 { counters.append(.init(.exceptions, refusals)) }
        return counters
    }
}
