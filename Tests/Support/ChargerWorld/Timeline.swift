import Primitives

/// The one clock of a world and everything that comes: what happens at a time, whose deadline is due, what chance decides.
///
/// Things at the same time happen in the order in which they were added, deadlines before them and in the order of their ranks, so that a
/// seed repeats a run step by step.
final class Timeline {
    /// A deadline that moves. Whoever may have moved it says so with `touch`.
    final class Alarm {
        fileprivate let next: () -> Duration?
        fileprivate let fire: () -> Void
        fileprivate let isExact: Bool
        fileprivate var isTouched = true
        fileprivate var wanted: Duration?
        fileprivate var due: Duration?

        fileprivate init(isExact: Bool, next: @escaping () -> Duration?, fire: @escaping () -> Void) {
            self.isExact = isExact
            self.next = next
            self.fire = fire
        }

        /// The deadline may be another one now.
        func touch() { isTouched = true }
    }

    /// Since the world began.
    private(set) var now = Duration.zero
    /// Counts what happened.
    private(set) var steps = 0
    /// Called after each step.
    var afterStep: () -> Void = {}
    /// Called when so much happens at one instant that time will never go on.
    var whenStuck: () -> Void = {}

    private var queue = EventQueue<() -> Void>()
    /// By rank: which of several at the same time comes first.
    private var alarms: [Alarm] = []
    private var random: SeededRandom
    private var stepsAtOnce = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    // MARK: - Chance

    /// The next number of the world's own generator.
    func number() -> UInt64 { random.next() }

    /// A uuid of the world's own generator.
    func uuid() -> String { random.uuid() }

    func delay(_ range: ClosedRange<Duration>) -> Duration {
        range.lowerBound == range.upperBound ? range.lowerBound : random.duration(in: range)
    }

    /// Decides by chance, from 0 (never) to 1 (always).
    func happens(_ probability: Double) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &random) < probability
    }

    func pick<T>(_ choices: [T]) -> T { choices[pick(choices.indices)] }

    func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    // MARK: - What comes

    /// Makes something happen then, or as soon as possible if that has passed.
    func at(_ time: Duration, _ action: @escaping () -> Void) { queue.add(action, at: max(time, now)) }

    /// Adds a deadline with the next rank. `next` is on the world's clock. Shells are never exactly on time; devices are (`isExact`).
    func addAlarm(
        isExact: Bool = false,
        next: @escaping () -> Duration?,
        fire: @escaping () -> Void
    ) -> Alarm {
        let alarm = Alarm(isExact: isExact, next: next, fire: fire)
        alarms.append(alarm)
        return alarm
    }

    /// Every deadline may be another one now.
    func touchAll() { for alarm in alarms { alarm.touch() } }

    /// Breaks the circle of references between the models and what they have planned.
    func forgetEverything() {
        queue = EventQueue()
        alarms = []
    }

    // MARK: - The run

    /// Lets time pass until `end`, with everything that happens in it, while `condition` holds.
    func run(until end: Duration, while condition: () -> Bool) {
        while condition(), let next = nextInstant, next <= end { step(at: next) }
        if condition() { now = max(now, end) }
    }

    private var nextInstant: Duration? {
        var next = queue.next
        for case let due? in alarms.lazy.map(\.due) { next = next.map { min($0, due) } ?? due }
        return next
    }

    private func step(at instant: Duration) {
        if instant > now {
            now = instant
            stepsAtOnce = 0
        }
        steps += 1
        stepsAtOnce += 1
        guard stepsAtOnce < 20_000 else { return whenStuck() }
        let first = alarms.first { alarm in alarm.due.map { $0 <= instant } ?? false }
        if let first, let due = first.due, queue.next.map({ due <= $0 }) ?? true {
            first.due = nil
            first.wanted = nil
            first.touch()
            first.fire()
        } else if let action = queue.popFirst() {
            action()
        }
        for alarm in alarms where alarm.isTouched { schedule(alarm) }
        afterStep()
    }

    private func schedule(_ alarm: Alarm) {
        alarm.isTouched = false
        guard let wanted = alarm.next() else {
            alarm.wanted = nil
            alarm.due = nil
            return
        }
        guard alarm.wanted != wanted || alarm.due == nil else { return }
        alarm.wanted = wanted
        let late = Duration.milliseconds(Int64.random(in: 0...2, using: &random))
        alarm.due = max(wanted, now) + (alarm.isExact ? .zero : late)
    }
}
