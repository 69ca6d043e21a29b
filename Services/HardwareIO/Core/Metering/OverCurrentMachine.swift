import Primitives

/// Watches that the EV keeps to the offer: more than a tenth and 2 A above it, for longer than an EV may take to follow, is too much.
///
/// It is fed with every sample before anybody asks whether the sample is plausible: what is too much to be plausible is too much.
struct OverCurrentMachine {
    struct Trip: Equatable {
        var milliamps: Int
        var offeredMilliamps: Int

        /// For people.
        var detail: String { "EV drew \(amperes(milliamps)) where \(amperes(offeredMilliamps)) were offered" }
    }

    /// EVs follow a lower offer within 5 s; the rest is the age of a reading.
    static let tolerated = Duration.seconds(8)

    private var excess: (trip: Trip, tripsAt: Duration)?

    var nextDeadline: Deadline? { Deadline(at: excess?.tripsAt, for: "the over-current lasts too long") }

    mutating func measured(milliamps: Int, offeredMilliamps offered: Int, at uptime: Duration) {
        // Nothing offered: the contactor is about to open anyway.
        guard offered > 0, milliamps > offered + max(offered / 10, 2000) else {
            excess = nil
            return
        }
        let trip = Trip(milliamps: milliamps, offeredMilliamps: offered)
        excess = (trip, excess?.tripsAt ?? uptime + Self.tolerated)
    }

    /// No current can flow any more.
    mutating func contactorOpened() { excess = nil }

    /// What tripped, once.
    mutating func deadlineReached(at uptime: Duration) -> Trip? {
        guard let excess, excess.tripsAt <= uptime else { return nil }
        self.excess = nil
        return excess.trip
    }
}
