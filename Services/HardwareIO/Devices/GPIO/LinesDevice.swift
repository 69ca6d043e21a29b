public import HardwareCore
public import Primitives

/// What becomes of the groups of GPIO lines that make one device. Levels are logical; bit i is the i-th line of its group.
public enum LinesEvent: Equatable, Sendable {
    /// All of its lines are ours: outputs at their initial levels, which are all inactive. With the levels of each group.
    case taken(levels: [UInt64])
    /// The levels of a group of inputs, steady by now: because they changed, or because they were asked for.
    case read(group: Int, levels: UInt64)
    /// Some of its lines are not ours any more.
    case lost(reason: String)
}

/// What is ordered of them, and told of them.
public enum LinesOrder: Equatable, Sendable {
    /// All at once.
    case set(group: Int, levels: UInt64, mask: UInt64)
    /// Answered by `read`, or by `lost`.
    case read(group: Int)
    case report(DriverEvent)
}

/// One device that hangs on GPIO lines: what its lines mean, as a pure machine.
///
/// It reports `deviceRecovered` whenever its lines become ours, its positions with that and at least every 10 s, and `deviceLost`.
public protocol LinesDevice {
    var device: Device { get }
    var nextDeadline: Deadline? { get }
    mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder]
    mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder]
    mutating func deadlineReached(at moment: Moment) -> [LinesOrder]
    /// What leaves it in its safe state. The lines are released after that.
    mutating func end() -> [LinesOrder]
}

/// When positions are read again although nothing changed.
enum PositionRepetition {
    /// The boundary wants each of them every 10 s (`DriverEvent`).
    static let interval = Duration.seconds(5)
}
