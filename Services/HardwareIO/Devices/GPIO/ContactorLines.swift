public import HardwareCore
public import Primitives

/// A contactor whose coil hangs on one line, with a mirror contact on another. Group 0 is the coil, group 1 the contact, active while the main
/// contacts are closed. Without one, what was ordered is told as its position once it has had its time: whether it followed nobody knows, and a
/// weld shows by current alone.
///
/// The line is held while this process lives, and nothing closes by itself: lines that were gone come back inactive, and wait for an order.
/// Whether the contact follows, rests between closings and welding are judged by HardwareCore.
public struct ContactorLines: LinesDevice {
    private static let coil = 0
    private static let contact = 1
    /// A contactor pulls in or falls within so long.
    static let followTime = Duration.milliseconds(150)

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

    public var device: Device { .contactor(connectorId: connectorId) }

    public var nextDeadline: Deadline? {
        Deadline(at: readAt, for: "the mirror contact is read again")
    }

    public mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder] {
        switch event {
        case .taken(let levels):
            isTaken = true
            isOn = false
            readAt = moment.uptime + PositionRepetition.interval
            return [.report(.deviceRecovered(device)), hasContact ? feedback(levels[Self.contact]) : feedback(0)]
        case .read(Self.contact, let levels):
            readAt = moment.uptime + PositionRepetition.interval
            return [feedback(levels)]
        case .read: return []
        case .lost(let reason):
            isTaken = false
            readAt = nil
            isOn = false
            // The coil may still be ours, where the mirror contact hangs on another chip.
            return [open, .report(.deviceLost(device, reason: reason))]
        }
    }

    public mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder] {
        switch command {
        case .openContactor:
            ordered(false, at: moment)
            return [open]
        // An order to close is of its moment: it does not wait for lines that are away.
        case .closeContactor where isTaken:
            ordered(true, at: moment)
            return [.set(group: Self.coil, levels: 1, mask: 1)]
        case .readPosition where isTaken:
            guard hasContact else {
                // What was ordered is not known to be done before it had its time.
                return readAt.map { $0 - moment.uptime <= Self.followTime } == true ? [] : [feedback(isOn ? 1 : 0)]
            }
            readAt = moment.uptime + PositionRepetition.interval
            return [.read(group: Self.contact)]
        default: return []
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [LinesOrder] {
        guard let due = readAt, due <= moment.uptime else { return [] }
        readAt = moment.uptime + PositionRepetition.interval
        return hasContact ? [.read(group: Self.contact)] : [feedback(isOn ? 1 : 0)]
    }

    public mutating func end() -> [LinesOrder] { [open] }

    private mutating func ordered(_ on: Bool, at moment: Moment) {
        guard isTaken, !hasContact, on != isOn else { return }
        isOn = on
        readAt = moment.uptime + Self.followTime
    }

    private var open: LinesOrder { .set(group: Self.coil, levels: 0, mask: 1) }

    private func feedback(_ levels: UInt64) -> LinesOrder {
        .report(.contactorFeedback(connectorId: connectorId, closed: levels & 1 == 1))
    }
}
