import BusSchema
public import HardwareCore
public import Primitives

/// Lights and a buzzer, each on a line of group 0. Signals are patterns out of a table; a new one ends the one before.
public struct IndicatorLines: LinesDevice {
    /// What hangs on a line.
    public enum Part: String, Sendable, CaseIterable {
        case red, green, blue, buzzer
    }

    /// What is on, and for how long.
    struct Step: Equatable {
        var parts: Set<Part>
        var milliseconds: Int
    }

    /// The patterns of the signals, which are short: who presents a card looks for an answer within 100 ms, and presents it again otherwise.
    static func steps(of signal: Indicate.Signal) -> [Step] {
        switch signal {
        case .cardRead: [Step(parts: [.blue, .buzzer], milliseconds: 100), Step(parts: [.blue], milliseconds: 400)]
        case .accepted:
            [
                Step(parts: [.green, .buzzer], milliseconds: 100), Step(parts: [.green], milliseconds: 100),
                Step(parts: [.green, .buzzer], milliseconds: 100), Step(parts: [.green], milliseconds: 700),
            ]
        case .rejected:
            [Step(parts: [.red, .buzzer], milliseconds: 500), Step(parts: [.red], milliseconds: 1000)]
        default: []
        }
    }

    private let connectorId: Int
    /// Bit i is the i-th.
    private let parts: [Part]
    private var rest: ArraySlice<Step> = []
    private var stepEnds: Duration?

    /// - Parameters:
    ///   - connectorId: That they belong to.
    ///   - parts: Those that there are, in the order of their lines; 1 or more.
    public init(connectorId: Int, parts: [Part]) {
        self.connectorId = connectorId
        self.parts = parts
    }

    public var device: Device { .indicator(connectorId: connectorId) }

    public var nextDeadline: Deadline? { Deadline(at: stepEnds, for: "a light changes") }

    public mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder] {
        switch event {
        case .taken: return [.report(.deviceRecovered(device))]
        case .read: return []
        case .lost(let reason):
            rest = []
            stepEnds = nil
            return [.report(.deviceLost(device, reason: reason))]
        }
    }

    public mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder] {
        guard case .indicate(_, let signal) = command else { return [] }
        let steps = Self.steps(of: signal)
        guard !steps.isEmpty else { return [] }
        rest = steps[...]
        return [step(at: moment.uptime)]
    }

    public mutating func deadlineReached(at moment: Moment) -> [LinesOrder] {
        guard let due = stepEnds, due <= moment.uptime else { return [] }
        return [step(at: due)]
    }

    public mutating func end() -> [LinesOrder] { [show([])] }

    /// Shows the next step; dark when there is none.
    private mutating func step(at uptime: Duration) -> LinesOrder {
        guard let next = rest.popFirst() else {
            stepEnds = nil
            return show([])
        }
        stepEnds = uptime + .milliseconds(next.milliseconds)
        return show(next.parts)
    }

    private func show(_ lit: Set<Part>) -> LinesOrder {
        var levels: UInt64 = 0
        for (index, part) in parts.enumerated() where lit.contains(part) { levels |= 1 << UInt64(index) }
        return .set(group: 0, levels: levels, mask: UInt64.max >> UInt64(64 - parts.count))
    }
}
