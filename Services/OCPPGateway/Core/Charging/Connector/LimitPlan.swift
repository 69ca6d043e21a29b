/// How much current a connector may draw from when on: a plan that the permit keeper follows. Zero is a limit like others.
struct LimitPlan: Equatable, Sendable {
    struct Step: Equatable, Sendable {
        /// From this uptime on.
        var from: Duration
        /// Per phase.
        var milliamps: Int
    }

    /// Ascending.
    private let steps: [Step]

    /// The same limit for ever.
    init(constantMilliamps milliamps: Int) { steps = [Step(from: .zero, milliamps: milliamps)] }

    /// `steps` in any order; before the first of them nothing may be drawn.
    init(_ steps: [Step]) { self.steps = steps.sorted { $0.from < $1.from } }

    func milliamps(at uptime: Duration) -> Int { steps.last { $0.from <= uptime }?.milliamps ?? 0 }

    /// When the limit is another one than now; nil when it stays.
    func nextChange(after uptime: Duration) -> Duration? {
        let current = milliamps(at: uptime)
        return steps.first { $0.from > uptime && $0.milliamps != current }?.from
    }
}
