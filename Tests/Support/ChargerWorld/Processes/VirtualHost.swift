import Primitives

/// Drives the machine of one process under the virtual clock, as the daemons' shells do under the real one: one event, all its effects in
/// their order, then the next event. There is no machine while the process is dead.
final class VirtualHost<M: Machine> {
    /// Carries out one effect. Returns the event to feed when it failed: the effects after it are not performed then.
    var perform: (M.Effect) -> M.Event? = { _ in nil }
    /// Called before each event.
    var note: (M.Event) -> Void = { _ in }

    private(set) var machine: M?
    private let clock: MachineClock
    private var inputs: [M.Event] = []
    private var isPerforming = false
    private var alarm: Timeline.Alarm?

    init(_ timeline: Timeline, _ clock: MachineClock) {
        self.clock = clock
        alarm = timeline.addAlarm(
            next: { [unowned self] in (machine?.nextDeadline).map { clock.worldTime($0.at) } },
            fire: { [unowned self] in
                guard let effects = machine?.deadlineReached(at: clock.moment) else { return }
                run(effects)
            }
        )
    }

    var isAlive: Bool { machine != nil }

    func start(_ machine: M) {
        self.machine = machine
        alarm?.touch()
    }

    /// Nothing of what the process was about to do happens.
    func die() {
        machine = nil
        inputs = []
        alarm?.touch()
    }

    /// Feeds `event`, at once, or after the effects that are being performed.
    func deliver(_ event: M.Event) {
        guard machine != nil else { return }
        inputs.append(event)
        if !isPerforming { run([]) }
    }

    private func run(_ first: [M.Effect]) {
        alarm?.touch()
        isPerforming = true
        performAll(first)
        while machine != nil, !inputs.isEmpty {
            let event = inputs.removeFirst()
            note(event)
            guard let effects = machine?.handle(event, at: clock.moment) else { break }
            performAll(effects)
        }
        isPerforming = false
    }

    private func performAll(_ effects: [M.Effect]) {
        for effect in effects {
            guard machine != nil else { return }
            if let failure = perform(effect) {
                // Before anything else that waits: the machine believes that the effect was done.
                inputs.insert(failure, at: 0)
                return
            }
        }
    }
}
