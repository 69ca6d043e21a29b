public import HardwareCore
public import Primitives

/// A contactor whose coil hangs on one line, with a mirror contact on another. Group 0 is the coil, group 1 the contact, active while the main
/// contacts are closed.
///
/// The line is held while this process lives, and nothing closes by itself: lines that were gone come back inactive, and wait for an order.
/// Whether the contact follows, rests between closings and welding are judged by HardwareCore.
public struct ContactorLines: LinesDevice {
    private static let coil = 0
    private static let contact = 1

    private let connectorId: Int
    private var isTaken = false
    private var readAt: Duration?

    public init(connectorId: Int) { self.connectorId = connectorId }

    public var device: Device { .contactor(connectorId: connectorId) }

    public var nextDeadline: Deadline? {
        Deadline(at: readAt, for: "the mirror contact is read again")
    }

    public mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder] {
        switch event {
        case .taken(let levels):
            isTaken = true
            readAt = moment.uptime + PositionRepetition.interval
            return [.report(.deviceRecovered(device)), feedback(levels[Self.contact])]
        case .read(Self.contact, let levels):
            readAt = moment.uptime + PositionRepetition.interval
            return [feedback(levels)]
        case .read: return []
        case .lost(let reason):
            isTaken = false
            readAt = nil
            // The coil may still be ours, where the mirror contact hangs on another chip.
            return [open, .report(.deviceLost(device, reason: reason))]
        }
    }

    public mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder] {
        switch command {
        case .openContactor: [open]
        // An order to close is of its moment: it does not wait for lines that are away.
        case .closeContactor where isTaken: [.set(group: Self.coil, levels: 1, mask: 1)]
        default: []
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [LinesOrder] {
        guard let due = readAt, due <= moment.uptime else { return [] }
        readAt = moment.uptime + PositionRepetition.interval
        return [.read(group: Self.contact)]
    }

    public mutating func end() -> [LinesOrder] { [open] }

    private var open: LinesOrder { .set(group: Self.coil, levels: 0, mask: 1) }

    private func feedback(_ levels: UInt64) -> LinesOrder {
        .report(.contactorFeedback(connectorId: connectorId, closed: levels & 1 == 1))
    }
}
