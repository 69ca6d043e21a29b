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
    private let timeline: Timeline
    /// What the process will find in its sockets when it looks again.
    private var backlog: [() -> Void] = []
    private var frozenUntil = Duration.zero

    init(_ timeline: Timeline, _ clock: MachineClock) {
        self.clock = clock
        self.timeline = timeline
        alarm = timeline.addAlarm(
            next: { [unowned self] in
                (machine?.nextDeadline).map { max(clock.worldTime($0.at), frozenUntil) }
            },
            fire: { [unowned self] in
                run { [clock] in $0.deadlineReached(at: clock.moment) }
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
        backlog = []
        frozenUntil = .zero
        alarm?.touch()
    }

    /// Nothing happens in the process until then.
    func freeze(until time: Duration) {
        guard machine != nil, time > frozenUntil else { return }
        frozenUntil = time
        alarm?.touch()
        timeline.at(time) { [unowned self] in
            guard timeline.now >= frozenUntil else { return }
            let waiting = backlog
            backlog = []
            for action in waiting { whenAwake(action) }
        }
    }

    /// Runs `action`, now or when the process looks into its sockets again.
    func whenAwake(_ action: @escaping () -> Void) {
        guard machine != nil else { return }
        if timeline.now < frozenUntil || !backlog.isEmpty { backlog.append(action) } else { action() }
    }

    /// Feeds `event`, at once, or after the effects that are being performed.
    func deliver(_ event: M.Event) {
        guard machine != nil else { return }
        inputs.append(event)
        if !isPerforming { run(nil) }
    }

    private func run(_ first: ((inout M) -> [M.Effect])?) {
        alarm?.touch()
        isPerforming = true
        if let first { carryOut(first) }
        while machine != nil, !inputs.isEmpty {
            let event = inputs.removeFirst()
            note(event)
            carryOut { [clock] in $0.handle(event, at: clock.moment) }
        }
        isPerforming = false
    }

    /// Feeds something and performs what comes of it. When that fails, a transactional machine is what it was before, hears of the failure,
    /// and takes the same in again; another one just hears of it.
    private func carryOut(_ feed: (inout M) -> [M.Effect]) {
        for _ in 0..<8 {
            guard var fed = machine else { return }
            let before = fed
            let effects = feed(&fed)
            machine = fed
            guard let failure = performAll(effects), machine != nil else { return }
            guard before is any TransactionalMachine else {
                // Before anything else that waits: the machine believes that the effect was done.
                inputs.insert(failure, at: 0)
                return
            }
            machine = before
            note(failure)
            carryOut { [clock] in $0.handle(failure, at: clock.moment) }
        }
        preconditionFailure("A machine that knows of a failure does not order the same again for ever.")
    }

    /// Returns the event to feed when an effect failed; those after it are not performed.
    private func performAll(_ effects: [M.Effect]) -> M.Event? {
        for effect in effects {
            guard machine != nil else { return nil }
            if let failure = perform(effect) { return failure }
        }
        return nil
    }
}
