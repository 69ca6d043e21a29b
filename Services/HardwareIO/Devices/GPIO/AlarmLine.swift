import BusSchema
public import HardwareCore
public import Primitives

/// A protective device that says on one line that it has tripped: residual current, emergency stop, a temperature switch. Group 0 is the line, active
/// while it has. A residual current device may have a test line besides, group 1: active, it makes the device trip. Where a test was cut short, by the
/// end of a process before or because the lines went, one that is tripped when they become ours may recover from it: it is lost until it has, or had its
/// time. Where there was no test it has found a residual current.
///
/// What a line says that is not ours any more is not known: the device is lost, and HardwareCore forbids energy.
public struct AlarmLine: LinesDevice, Equatable {
    private enum Test: Equatable {
        case none
        /// The test line is active. Next: recovering when the device trips.
        case tripping(FollowLimit)
        /// It has tripped, and the test line is inactive. Next: none, with the answer.
        case recovering(FollowLimit)
        /// Tripped when its lines became ours, perhaps by a test that nobody ended. Next: none, when it recovers or does not.
        case cutShort(FollowLimit)
    }

    /// Longest time to trip, and to recover: both together stay below the two seconds that HardwareCore waits.
    static let testLimit = Duration.milliseconds(900)
    /// Longest time to recover from a test that was cut short.
    static let recoveryLimit = Duration.seconds(2)

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
    /// A test was under way when the lines were ours last.
    private var testWasCutShort: Bool

    /// - Parameters:
    ///   - device: A residual current device, an emergency stop or a temperature switch; nil comes of any other.
    ///   - hasTest: Whether group 1 is there.
    ///   - testWasCutShort: Whether a process before may not have ended its test.
    public init?(_ device: Device, hasTest: Bool = false, testWasCutShort: Bool = false) {
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
        self.testWasCutShort = testWasCutShort
    }

    public var nextDeadline: Deadline? {
        let answer: Deadline? =
            switch test {
            case .none: nil
            case .tripping(let limit): Deadline(at: limit.at, for: "a residual current device does not trip")
            case .recovering(let limit), .cutShort(let limit):
                Deadline(at: limit.at, for: "a residual current device does not recover")
            }
        return earliest(answer, Deadline(at: readAt, for: "an alarm line is read again"))
    }

    public mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder] {
        switch event {
        case .taken(let levels):
            defer { testWasCutShort = false }
            guard hasTest, testWasCutShort, levels[Self.line] & 1 == 1 else {
                return [.report(.deviceRecovered(device))] + read(levels[Self.line], at: moment.uptime)
            }
            test = .cutShort(FollowLimit(moment.uptime + Self.recoveryLimit))
            let reason = "it has tripped, and may recover from a test that was cut short"
            return [.report(.deviceLost(device, reason: reason))]
        case .read(Self.line, let levels): return read(levels, at: moment.uptime)
        case .read: return []
        case .lost(let reason):
            if test != .none { testWasCutShort = true }
            let orders = endTest()
            readAt = nil
            hasTripped = nil
            return orders + [.report(.deviceLost(device, reason: reason))]
        }
    }

    public mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder] {
        guard case .testResidualCurrent = command else { return [] }
        if case .cutShort = test { return [answer(false)] }
        guard test == .none else { return [] }
        // One that has tripped already, or that nobody can make trip, shows nothing.
        guard hasTest, hasTripped == false else { return [answer(false)] }
        test = .tripping(limit(at: moment.uptime))
        return [.set(group: Self.testLine, levels: 1, mask: 1)]
    }

    public mutating func deadlineReached(at moment: Moment) -> [LinesOrder] {
        var orders = judgeTest(at: moment.uptime)
        if let due = readAt, due <= moment.uptime {
            readAt = moment.uptime + PositionRepetition.interval
            orders.append(.read(group: Self.line))
        }
        return orders
    }

    public mutating func end() -> [LinesOrder] { endTest() }

    /// A process that slept hears what waits before it judges: the device has to go on from there.
    private func limit(at uptime: Duration) -> FollowLimit {
        FollowLimit(uptime + Self.testLimit, hearing: Self.testLimit)
    }

    private mutating func judgeTest(at uptime: Duration) -> [LinesOrder] {
        switch test {
        case .none: return []
        case .tripping(var limit):
            if limit.isOver(at: uptime) { return endTest() + [answer(false)] }
            test = .tripping(limit)
        case .recovering(var limit):
            if limit.isOver(at: uptime) { return endTest() + [answer(false)] }
            test = .recovering(limit)
        case .cutShort(var limit):
            if limit.isOver(at: uptime) { return recovered(levels: 1, at: uptime) }
            test = .cutShort(limit)
        }
        return []
    }

    /// The end of a test that was cut short: the device is what its line says.
    private mutating func recovered(levels: UInt64, at uptime: Duration) -> [LinesOrder] {
        test = .none
        return [.report(.deviceRecovered(device))] + read(levels, at: uptime)
    }

    private mutating func read(_ levels: UInt64, at uptime: Duration) -> [LinesOrder] {
        let present = levels & 1 == 1
        if case .cutShort = test { return present ? [] : recovered(levels: levels, at: uptime) }
        hasTripped = present
        readAt = uptime + PositionRepetition.interval
        let told = LinesOrder.report(
            .faultReported(connectorId: connectorId, code: code, present: present, detail: present ? detail : "")
        )
        switch test {
        case .tripping where present:
            test = .recovering(limit(at: uptime))
            return [.set(group: Self.testLine, levels: 0, mask: 1), told]
        case .recovering where !present:
            test = .none
            return [told, answer(true)]
        case .none, .tripping, .recovering, .cutShort: return [told]
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
