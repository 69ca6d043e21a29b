public import HardwareCore
public import Primitives

/// A cable lock whose motor hangs on an H-bridge with two lines. Group 0 is the bridge: bit 0 drives towards locked, bit 1 towards unlocked, none is
/// the brake. Group 1 is the contact of the bolt, active while it is locked. Without one, the direction of the last pulse is told as its position
/// once the pulse has had its time; where the bolt is when its lines are taken nobody knows, so that it is driven towards locked first.
///
/// An order is one pulse. It ends by itself after its length; lines that are released end it too, and so does the end of the process, because the
/// kernel releases what a process held. Tries, pauses and failures are HardwareCore's.
public struct LockLines: LinesDevice {
    private enum State: Equatable {
        /// The bridge is off. Next: pulsing.
        case resting
        /// Driven until then. Next: settling, or braking when the other direction is ordered.
        case pulsing(towards: UInt64, until: Duration)
        /// Off between two directions, for the motor to stop. Next: pulsing.
        case braking(thenTowards: UInt64, until: Duration)
        /// Off; the contact is read when it is steady. Next: resting, or pulsing.
        case settling(until: Duration)
    }

    /// Lengths of a pulse that known locks need: solenoids 300 ms, motors 600 ms, none more than 4 s.
    public static let pulseRange = 50...4000
    /// Between two directions.
    static let brakeTime = Duration.milliseconds(100)
    /// From the end of a pulse until its contact is believed.
    static let settlingTime = Duration.milliseconds(100)

    private static let bridge = 0
    private static let contact = 1
    private static let locked: UInt64 = 0b01
    private static let unlocked: UInt64 = 0b10

    private let connectorId: Int
    private let pulse: Duration
    private let hasContact: Bool
    /// The direction of the last pulse.
    private var direction = Self.locked
    private var state = State.resting
    private var isTaken = false
    private var readAt: Duration?

    /// - Parameters:
    ///   - connectorId: Of its socket.
    ///   - pulseMilliseconds: How long the motor is driven; the nearest in `pulseRange` counts.
    ///   - hasContact: Whether its bolt has a contact.
    public init(connectorId: Int, pulseMilliseconds: Int, hasContact: Bool = true) {
        self.connectorId = connectorId
        self.hasContact = hasContact
        pulse = .milliseconds(pulseMilliseconds.clamped(to: Self.pulseRange))
    }

    public var device: Device { .lock(connectorId: connectorId) }

    public var nextDeadline: Deadline? {
        let move: Deadline? =
            switch state {
            case .resting: nil
            case .pulsing(_, let until): Deadline(at: until, for: "the pulse of the cable lock ends")
            case .braking(_, let until): Deadline(at: until, for: "the cable lock turns the other way")
            case .settling(let until): Deadline(at: until, for: "the contact of the cable lock is steady")
            }
        return earliest(move, Deadline(at: readAt, for: "the cable lock is read again"))
    }

    public mutating func handle(_ event: LinesEvent, at moment: Moment) -> [LinesOrder] {
        switch event {
        case .taken(let levels):
            isTaken = true
            state = .resting
            guard hasContact else {
                readAt = nil
                return [.report(.deviceRecovered(device)), drive(towards: Self.locked, at: moment.uptime)]
            }
            readAt = moment.uptime + PositionRepetition.interval
            return [.report(.deviceRecovered(device)), feedback(levels[Self.contact])]
        case .read(Self.contact, let levels):
            readAt = moment.uptime + PositionRepetition.interval
            return [feedback(levels)]
        case .read: return []
        case .lost(let reason):
            isTaken = false
            state = .resting
            readAt = nil
            return [off, .report(.deviceLost(device, reason: reason))]
        }
    }

    public mutating func perform(_ command: DriverCommand, at moment: Moment) -> [LinesOrder] {
        switch command {
        case .lock: move(towards: Self.locked, at: moment.uptime)
        case .unlock: move(towards: Self.unlocked, at: moment.uptime)
        // One that moves says so when it is there.
        case .readPosition where isTaken && state == .resting && hasContact: [.read(group: Self.contact)]
        case .readPosition where isTaken && state == .resting && readAt != nil:
            [feedback(direction == Self.locked ? 1 : 0)]
        default: []
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [LinesOrder] {
        var orders: [LinesOrder] = []
        switch state {
        case .pulsing(_, let until) where until <= moment.uptime:
            state = .settling(until: moment.uptime + Self.settlingTime)
            orders.append(off)
        case .braking(let direction, let until) where until <= moment.uptime:
            orders.append(drive(towards: direction, at: moment.uptime))
        case .settling(let until) where until <= moment.uptime:
            state = .resting
            readAt = moment.uptime
        default: break
        }
        if let due = readAt, due <= moment.uptime {
            // Without a contact nothing is known while the motor runs.
            let isKnown = hasContact || state == .resting
            readAt = isKnown ? moment.uptime + PositionRepetition.interval : nil
            if isKnown {
                orders.append(hasContact ? .read(group: Self.contact) : feedback(direction == Self.locked ? 1 : 0))
            }
        }
        return orders
    }

    public mutating func end() -> [LinesOrder] {
        state = .resting
        return [off]
    }

    private mutating func move(towards direction: UInt64, at uptime: Duration) -> [LinesOrder] {
        guard isTaken else { return [] }
        switch state {
        // The same again does not make it longer: a motor that has arrived must not be driven on.
        case .pulsing(direction, _): return []
        case .pulsing:
            state = .braking(thenTowards: direction, until: uptime + Self.brakeTime)
            return [off]
        case .braking(_, let until):
            state = .braking(thenTowards: direction, until: until)
            return []
        case .resting, .settling: return [drive(towards: direction, at: uptime)]
        }
    }

    private mutating func drive(towards direction: UInt64, at uptime: Duration) -> LinesOrder {
        self.direction = direction
        state = .pulsing(towards: direction, until: uptime + pulse)
        return .set(group: Self.bridge, levels: direction, mask: 0b11)
    }

    private var off: LinesOrder { .set(group: Self.bridge, levels: 0, mask: 0b11) }

    private func feedback(_ levels: UInt64) -> LinesOrder {
        .report(.lockFeedback(connectorId: connectorId, locked: levels & 1 == 1))
    }
}
