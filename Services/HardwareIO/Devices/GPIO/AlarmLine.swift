import BusSchema
public import HardwareCore
public import Primitives

/// A protective device that says on one line that it has tripped: residual current, emergency stop, a temperature switch. Group 0 is the line, active
/// while it has. A residual current device may have a test line besides, group 1: active, it makes the device trip.
///
/// What a line says that is not ours any more is not known: the device is lost, and HardwareCore forbids energy.
public struct AlarmLine: LinesDevice, Equatable {
    private enum Test: Equatable {
        case none
        /// The test line is active. Next: recovering when the device trips.
        case tripping(until: Duration)
        /// It has tripped, and the test line is inactive. Next: none, with the answer.
        case recovering(until: Duration)
    }

    /// Longest time to trip, and to recover: both together stay below the two seconds that HardwareCore waits.
    static let testLimit = Duration.milliseconds(900)

    private static let line = 0
    private static let testLine = 1

    public let device: Device
    private let connectorId: Int
    private let code: HardwareFaultCode
    private let detail: String
    private let hasTest: Bool
    private var readAt: Duration?
    /// As it was read last; nil while the lines are not ours.
    private var hasTripped: Bool?
    private var test = Test.none

    /// - Parameters:
    ///   - device: A residual current device, an emergency stop or a temperature switch; nil comes of any other.
    ///   - hasTest: Whether group 1 is there.
    public init?(_ device: Device, hasTest: Bool = false) {
        switch device {
        case .residualCurrent(let id):
            (connectorId, code, detail) = (id, .groundFailure, "the residual current device has tripped")
        case .emergencyStop(let id):
            (connectorId, code, detail) = (id, .emergencyStop, "the emergency stop is pressed")
        case .temperature(let id):
            (connectorId, code, detail) = (id, .highTemperature, "the temperature switch has tripped")
        default: return nil
        }
        self.device = device
        self.hasTest = hasTest
    }

    public var nextDeadline: Deadline? {
        let answer: Deadline? =
            switch test {
            case .none: nil
            case .tripping(let until): Deadline(at: until, for: "a residual current device does not trip")
            case .recovering(let until): Deadline(at: until, for: "a residual current device does not recover")
            }
        return earliest(answer, Deadline(at: readAt, for: "an alarm line is read again"))
    }

    public mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder] {
        switch event {
        case .taken(let levels):
            return [.report(.deviceRecovered(device))] + read(levels[Self.line], at: moment.uptime)
        case .read(Self.line, let levels): return read(levels, at: moment.uptime)
        case .read: return []
        case .lost(let reason):
            let orders = endTest()
            readAt = nil
            hasTripped = nil
            return orders + [.report(.deviceLost(device, reason: reason))]
        }
    }

    public mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder] {
        guard case .testResidualCurrent = command, test == .none else { return [] }
        // One that has tripped already, or that nobody can make trip, shows nothing.
        guard hasTest, hasTripped == false else { return [answer(false)] }
        test = .tripping(until: moment.uptime + Self.testLimit)
        return [.set(group: Self.testLine, levels: 1, mask: 1)]
    }

    public mutating func deadlineReached(at moment: Moment) -> [LinesOrder] {
        var orders: [LinesOrder] = []
        switch test {
        case .tripping(let until) where until <= moment.uptime, .recovering(let until) where until <= moment.uptime:
            orders += endTest() + [answer(false)]
        default: break
        }
        if let due = readAt, due <= moment.uptime {
            readAt = moment.uptime + PositionRepetition.interval
            orders.append(.read(group: Self.line))
        }
        return orders
    }

    public mutating func end() -> [LinesOrder] { endTest() }

    private mutating func read(_ levels: UInt64, at uptime: Duration) -> [LinesOrder] {
        let present = levels & 1 == 1
        hasTripped = present
        readAt = uptime + PositionRepetition.interval
        let told = LinesOrder.report(
            .faultReported(connectorId: connectorId, code: code, present: present, detail: present ? detail : "")
        )
        switch test {
        case .tripping where present:
            test = .recovering(until: uptime + Self.testLimit)
            return [.set(group: Self.testLine, levels: 0, mask: 1), told]
        case .recovering where !present:
            test = .none
            return [told, answer(true)]
        case .none, .tripping, .recovering: return [told]
        }
    }

    private mutating func endTest() -> [LinesOrder] {
        guard test != .none else { return [] }
        test = .none
        return [.set(group: Self.testLine, levels: 0, mask: 1)]
    }

    private func answer(_ passed: Bool) -> LinesOrder {
        .report(.residualCurrentTested(connectorId: connectorId, passed: passed))
    }
}
