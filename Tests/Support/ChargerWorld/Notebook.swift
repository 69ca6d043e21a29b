/// What happened, for people: the newest steps of a run, and everything that went wrong.
final class Notebook {
    /// What must not be, with step and time, in the order in which it was found.
    private(set) var violations: [String] = []

    private let timeline: Timeline
    private let seed: UInt64
    private var trace: Trace

    init(_ timeline: Timeline, seed: UInt64, rememberedSteps: Int) {
        self.timeline = timeline
        self.seed = seed
        trace = Trace(capacity: rememberedSteps)
    }

    func note(_ who: StaticString, _ what: some Sendable) {
        trace.note(who, what, at: timeline.now, step: timeline.steps)
    }

    func violate(_ what: String) {
        note("VIOLATION", what)
        violations.append("#\(timeline.steps) at \(timeline.now): \(what)")
    }

    func violate(all problems: [String]) { for problem in problems { violate(problem) } }

    /// What went wrong, with the seed and the newest steps; empty when nothing did.
    func report(last count: Int) -> String {
        guard !violations.isEmpty else { return "" }
        let what = violations.prefix(12).map { "  " + $0 }
        let head =
            "seed \(seed), \(violations.count) violations after \(timeline.steps) steps, \(timeline.now):"
        return ([head] + what + ["the newest steps:"] + lines(last: count)).joined(separator: "\n")
    }

    func lines(last count: Int) -> [String] { trace.lines(last: count) }
}
