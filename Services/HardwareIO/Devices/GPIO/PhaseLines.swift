public import HardwareCore
public import Primitives

/// A phase contactor whose coil hangs on one line, with a contact that shows where it is on another. Group 0 is the coil, active for three phases;
/// group 1 the contact, active while the main contacts are closed. Without one, what was ordered is told as its position once it has had its time.
///
/// It moves by orders alone: what becomes of its lines never makes it move while current may flow, as far as that can be helped. When a contact is
/// lost, its coil stays as it is until HardwareCore, which has opened the contactor before it by then, orders it anew.
public struct PhaseLines: LinesDevice {
    private static let coil = 0
    private static let contact = 1

    private let connectorId: Int
    private let hasContact: Bool
    private var isTaken = false
    private var readAt: Duration?
    /// What was ordered last.
    private var isOn = false

    public init(connectorId: Int, hasContact: Bool = true) {
        self.connectorId = connectorId
        self.hasContact = hasContact
    }

    public var device: Device { .phaseContactor(connectorId: connectorId) }

    public var nextDeadline: Deadline? { Deadline(at: readAt, for: "the phase contactor is read again") }

    public mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder] {
        switch event {
        case .taken(let levels):
            isTaken = true
            isOn = levels[Self.coil] & 1 == 1
            readAt = moment.uptime + PositionRepetition.interval
            return [.report(.deviceRecovered(device)), feedback(hasContact ? levels[Self.contact] : levels[Self.coil])]
        case .read(Self.contact, let levels):
            readAt = moment.uptime + PositionRepetition.interval
            return [feedback(levels)]
        case .read: return []
        case .lost(let reason):
            isTaken = false
            readAt = nil
            return [.report(.deviceLost(device, reason: reason))]
        }
    }

    public mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder] {
        guard isTaken else { return [] }
        switch command {
        case .switchPhases(_, let count):
            isOn = count == .three
            if !hasContact { readAt = moment.uptime + ContactorLines.followTime }
            return [.set(group: Self.coil, levels: isOn ? 1 : 0, mask: 1)]
        case .readPosition where hasContact: return [.read(group: Self.contact)]
        default: return []
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [LinesOrder] {
        guard let due = readAt, due <= moment.uptime else { return [] }
        readAt = moment.uptime + PositionRepetition.interval
        return hasContact ? [.read(group: Self.contact)] : [feedback(isOn ? 1 : 0)]
    }

    /// Its line falls when it is released, after the contactor has opened.
    public mutating func end() -> [LinesOrder] { [] }

    private func feedback(_ levels: UInt64) -> LinesOrder {
        .report(.phaseFeedback(connectorId: connectorId, closed: levels & 1 == 1))
    }
}
