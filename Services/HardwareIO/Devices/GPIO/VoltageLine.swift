public import HardwareCore
public import Primitives

/// What sees the voltage behind a contactor and says so on one line. Group 0 is the line, active while there is voltage.
public struct VoltageLine: LinesDevice {
    private static let line = 0

    private let connectorId: Int
    private var isTaken = false
    private var readAt: Duration?

    public init(connectorId: Int) { self.connectorId = connectorId }

    public var device: Device { .outputVoltage(connectorId: connectorId) }

    public var nextDeadline: Deadline? { Deadline(at: readAt, for: "the voltage behind the contactor is read again") }

    public mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder] {
        switch event {
        case .taken(let levels):
            isTaken = true
            return [.report(.deviceRecovered(device)), told(levels[Self.line], at: moment.uptime)]
        case .read(Self.line, let levels): return [told(levels, at: moment.uptime)]
        case .read: return []
        case .lost(let reason):
            isTaken = false
            readAt = nil
            return [.report(.deviceLost(device, reason: reason))]
        }
    }

    public mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder] {
        guard case .readPosition = command, isTaken else { return [] }
        return [.read(group: Self.line)]
    }

    public mutating func deadlineReached(at moment: Moment) -> [LinesOrder] {
        guard let due = readAt, due <= moment.uptime else { return [] }
        readAt = moment.uptime + PositionRepetition.interval
        return [.read(group: Self.line)]
    }

    public mutating func end() -> [LinesOrder] { [] }

    private mutating func told(_ levels: UInt64, at uptime: Duration) -> LinesOrder {
        readAt = uptime + PositionRepetition.interval
        return .report(.outputVoltageRead(connectorId: connectorId, live: levels & 1 == 1))
    }
}
