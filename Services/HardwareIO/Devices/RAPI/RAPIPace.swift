import Primitives

/// How often a controller is asked for more than its state, and how long it is left alone after it did not answer.
struct RAPIPace {
    /// What is done with a controller that failed.
    enum Rest: Equatable {
        case setUp(after: Duration)
        case reopen
    }

    /// Every so many questions while current flows, energy and temperatures are asked for.
    static let slowRound = 10
    /// Attempts to set it up after which its line is opened anew.
    static let attemptsPerOpening = 5
    static let longestRest = Duration.seconds(30)
    /// Having answered for so long it has not failed before.
    static let steadyAfter = Duration.seconds(60)

    /// One that starts anew within so long after it was forbidden has most likely done so because of it.
    static let startsWithin = Duration.seconds(1)

    private var rounds = 0
    private var failures = 0
    private var answersSince: Duration?
    /// When it was last told that no energy may flow.
    private var forbiddenAt: Duration?

    /// - Returns: Whether the present round of questions is one in which everything is asked.
    mutating func isSlowRound() -> Bool {
        rounds = (rounds + 1) % Self.slowRound
        return rounds == 0
    }

    mutating func answers(at uptime: Duration) {
        let since = answersSince ?? uptime
        answersSince = since
        if uptime - since >= Self.steadyAfter { failures = 0 }
    }

    /// It, or its line, is gone.
    mutating func isLost() { answersSince = nil }

    mutating func forbids(at uptime: Duration) { forbiddenAt = uptime }

    /// It has started anew, and may let energy flow until it is forbidden again.
    /// - Returns: Whether it is forbidden at once.
    func mustForbid(at uptime: Duration) -> Bool { forbiddenAt.map { uptime - $0 >= Self.startsWithin } ?? true }

    /// It has started anew, and has forgotten what it was told.
    /// - Returns: Whether it is set up at once: one that does so again before it has answered for long is left alone first, as one that fails.
    mutating func startsAnew() -> Bool {
        answersSince = nil
        guard failures == 0 else { return false }
        failures = 1
        return true
    }

    /// An answer is missing, or makes no sense. A short time in which it answers makes the rests no shorter.
    mutating func fails() -> Rest {
        answersSince = nil
        failures += 1
        guard !failures.isMultiple(of: Self.attemptsPerOpening) else { return .reopen }
        return .setUp(after: min(.seconds(1) * (1 << min(failures / Self.attemptsPerOpening, 5)), Self.longestRest))
    }
}
