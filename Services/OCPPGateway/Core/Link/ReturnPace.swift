import Primitives

/// How soon to come back after a connection that worked is lost: spread wide, because a central system that restarts loses its whole fleet
/// at one instant, and slower each time when connections do not last. Two chargers with one identity throw each other out for ever.
struct ReturnPace: Equatable, Sendable {
    /// Connections in a row that worked and were lost before they had lasted.
    private(set) var flaps = 0
    /// Whether any connection has worked in this process: only then a fleet may be returning with us.
    private(set) var hasWorked = false
    private let spread: Duration
    private let cap: Duration

    /// No wait is above `cap`.
    init(cap: Duration) {
        self.cap = cap
        spread = min(Self.widest, cap)
    }

    /// The least upper end of waits between attempts.
    var leastCeiling: Duration { hasWorked ? spread : .zero }

    mutating func worked() { hasWorked = true }

    /// A connection has lasted so long that the next loss counts as the first.
    mutating func lasted() { flaps = 0 }

    /// A connection that worked is lost after `age`. Draws the wait before the next attempt: up to `spread` at first, then between half of
    /// a ceiling and that ceiling, which doubles with each flap.
    mutating func lost(after age: Duration, using random: inout SeededRandom) -> Duration {
        if age < Self.lasting { flaps += 1 } else { flaps = 0 }
        guard flaps > 1 else { return random.duration(in: min(Self.soonest, spread)...spread) }
        let ceiling = min(cap, spread * (1 << min(flaps - 1, 20)))
        return random.duration(in: ceiling / 2...ceiling)
    }

    /// A thousand chargers that are lost together come back at about a hundred in a second.
    static let widest: Duration = .seconds(10)
    static let soonest: Duration = .milliseconds(50)
    /// A connection of this age is no flap.
    static let lasting: Duration = .seconds(600)
}
