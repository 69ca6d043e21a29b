import Primitives

extension ContactorMachine {
    enum Mover: Equatable {
        /// This service, by orders.
        case orders
        /// A controller. What it may is told by the offer, and no order is given here. Having closed without leave, it has until then to have
        /// opened and to stay open, until it has leave again: one that goes on and off would never be closed for long.
        case controller(obeysFrom: Duration?)
    }

    enum State: Equatable {
        /// Ordered open, position not read yet. Next: open, opening when it reads closed, or conducting.
        case unknown(since: Duration)
        case open(since: Duration)
        /// Ordered to close. Next: closed, takenBack, or open with a failure at `limit`.
        case closing(limit: FollowLimit)
        case closed
        /// Left to a controller, which closes and opens it by itself, since when it is where it is. Next: opening or open once that is over.
        case left(isClosed: Bool, since: Duration)
        /// Ordered to open before the mirror contact had followed the order to close, which was given `after` ago then. A mirror contact that
        /// reads open proves nothing here: it has not moved yet. Next: opening when it follows after all, or open at `limit`, with a mirror
        /// contact that is not proven any more when it had the usual time to follow.
        case takenBack(after: Duration, limit: FollowLimit)
        /// Ordered to open. Next: open, or welded at `limit`.
        case opening(limit: FollowLimit)
        /// Ordered open and reads closed. Next: open when it opens after all; its failure stays.
        case welded
        /// Ordered open, not read as closed, and current flows. Next: open when that ends; its failure stays.
        case conducting

        /// Since when it is said to be open, whether or not that is so; nil while it is not.
        var openSince: Duration? {
            switch self {
            case .open(let since), .left(false, let since): since
            case .unknown, .closing, .closed, .left, .takenBack, .opening, .welded, .conducting: nil
            }
        }
    }

    /// Longest time from the order to close until the mirror contact follows.
    static let closingLimit = Duration.seconds(1)
    /// A closing of so long is usually seen, also where the mirror contact is read five times a second only: most contactors pull in within
    /// 100 ms.
    static let usualClosing = Duration.milliseconds(300)
    /// Longest time from the order to open until the mirror contact follows.
    static let openingLimit = Duration.milliseconds(500)
    /// The same of a controller, which lets the EV end its draw first (6 s, IEC 61851-1 table A.6).
    static let controllerOpeningLimit = Duration.seconds(8)
    /// Longest time until the position is known after a start, or after its driver came back.
    static let readingLimit = Duration.seconds(5)
    /// Longest silence of the mirror contact at any time: it is reported every 10 s.
    static let silenceLimit = Duration.seconds(30)
    /// What is behind an open contactor may hold its voltage for so long: the filter of an EV does.
    static let voltageSettling = Duration.seconds(1)
}
