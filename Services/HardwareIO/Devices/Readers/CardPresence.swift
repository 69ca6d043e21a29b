import HardwareCore

/// Whether a card lies on a reader that is asked again and again: one that is missed once may lie there askew, and is not gone.
struct CardPresence {
    /// A card is gone after so many scans in a row without it.
    static let missesUntilGone = 3

    private(set) var held: CardContent?
    private var misses = 0

    /// A scan found a card.
    /// - Returns: Whether it is another one than before. A card that draws its number at random shows another number at each scan and is
    ///   the same one all the while.
    mutating func found(_ card: CardContent) -> Bool {
        misses = 0
        if let held, held == card || (Self.isRandom(held) && Self.isRandom(card)) { return false }
        held = card
        return true
    }

    /// A scan found none.
    /// - Returns: Whether the card is gone by that.
    mutating func missed() -> Bool {
        guard held != nil else { return false }
        misses += 1
        guard misses >= Self.missesUntilGone else { return false }
        forget()
        return true
    }

    mutating func forget() {
        held = nil
        misses = 0
    }

    private static func isRandom(_ card: CardContent) -> Bool {
        if case .uid(let uid) = card { IdTagFormat.isRandom(uid) } else { false }
    }
}
