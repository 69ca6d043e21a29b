public import Primitives

/// Growing waits between attempts, with full jitter so that a fleet does not return in step (OCPP-J errata §3.4).
public struct BackOff: Equatable, Sendable {
    /// Failures since the last success.
    public private(set) var failures = 0

    /// Those of them where the peer was there and said no.
    private var refusals = 0
    private let first: Duration
    private let flat: Int
    private let cap: Duration

    /// The first `flat` waits stay below `first`, so that a peer who was away briefly is found soon; then the upper end doubles up
    /// to `cap`. After a refusal it doubles from the second on: asking again quickly helps nobody.
    public init(first: Duration, flat: Int, cap: Duration) {
        precondition(first > .zero && cap >= first, "A wait of nothing would spin.")
        self.first = first
        self.flat = flat
        self.cap = cap
    }

    /// Counts a failure and draws the wait that follows it, from a range whose upper end is at least `leastCeiling`.
    public mutating func fail(
        refused: Bool = false,
        leastCeiling: Duration = .zero,
        using random: inout SeededRandom
    ) -> Duration {
        failures += 1
        if refused { refusals += 1 }
        let doublings = min(max(0, failures - flat, refusals - 1), 30)
        let ceiling = min(cap, max(leastCeiling, first * (1 << doublings)))
        return random.duration(in: min(Self.floor, ceiling)...ceiling)
    }

    public mutating func reset() {
        failures = 0
        refusals = 0
    }

    /// Long enough not to hammer a server that refuses at once.
    private static let floor: Duration = .milliseconds(100)
}
