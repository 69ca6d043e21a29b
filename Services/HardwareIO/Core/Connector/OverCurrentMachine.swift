import Primitives

/// Watches that the EV keeps to the offer: more than a tenth and 2 A above it, for longer than an EV may take to follow, is too much.
struct OverCurrentMachine: Machine {
    enum Event: Equatable {
        case currentRead(milliamps: Int, offeredMilliamps: Int)
        /// No current can flow any more.
        case contactorOpened
    }

    enum Effect: Equatable {
        case tripped(milliamps: Int, offeredMilliamps: Int)
    }

    /// EVs follow a lower offer within 5 s; the rest is the age of a reading.
    static let tolerated = Duration.seconds(8)

    private var excess: (milliamps: Int, offeredMilliamps: Int, tripsAt: Duration)?

    var nextDeadline: Deadline? { Deadline(at: excess?.tripsAt, for: "the over-current lasts too long") }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .contactorOpened:
            excess = nil
        case .currentRead(let milliamps, let offered):
            // Nothing offered: the contactor is about to open anyway.
            guard offered > 0, milliamps > offered + max(offered / 10, 2000) else {
                excess = nil
                return []
            }
            excess = (milliamps, offered, excess?.tripsAt ?? moment.uptime + Self.tolerated)
        }
        return []
    }

    mutating func deadlineReached(at moment: Moment) -> [Effect] {
        guard let excess, excess.tripsAt <= moment.uptime else { return [] }
        self.excess = nil
        return [.tripped(milliamps: excess.milliamps, offeredMilliamps: excess.offeredMilliamps)]
    }
}
