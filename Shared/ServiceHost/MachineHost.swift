public import EventLoop
public import Primitives

/// Drives one machine: feeds it one event, performs all its effects in order, and only then feeds the next one.
public final class MachineHost<M: Machine> {
    /// What became of an effect.
    public enum Performed {
        case done
        /// It could not be done: the effects after it are not performed, and this event is fed next. For failed `persist` effects,
        /// so that nothing is acted on or sent that is not on disk.
        case failed(M.Event)
    }

    private enum Input {
        case event(M.Event)
        case deadline
    }

    public private(set) var machine: M
    /// Carries out one effect. Set it before the first event; it may call `deliver`, which then waits for its turn.
    public var perform: (M.Effect) -> Performed = { _ in preconditionFailure("An effect needs somebody to perform it.")
    }
    /// Called after each event once its effects are performed, for what follows from the new state.
    public var afterEvent: (() -> Void)?

    private let loop: EventLoop
    private var deadlines: DeadlineSource?
    private var inputs: [Input] = []
    private var isDelivering = false

    /// Wires the deadlines of `machine` to `loop`.
    public init(_ machine: M, loop: EventLoop) {
        self.machine = machine
        self.loop = loop
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in self.machine.nextDeadline },
            fire: { [unowned self] _ in take(.deadline) }
        )
    }

    deinit {
        if let deadlines { loop.removeDeadlineSource(deadlines) }
    }

    /// Feeds `event`, at once, or after the effects that are being performed.
    public func deliver(_ event: M.Event) { take(.event(event)) }

    private func take(_ input: Input) {
        inputs.append(input)
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        while !inputs.isEmpty {
            performAll(handle(inputs.removeFirst()))
            afterEvent?()
        }
    }

    private func handle(_ input: Input) -> [M.Effect] {
        let moment = EventLoop.now()
        switch input {
        case .event(let event): return machine.handle(event, at: moment)
        case .deadline: return machine.deadlineReached(at: moment)
        }
    }

    private func performAll(_ effects: [M.Effect]) {
        for effect in effects {
            switch perform(effect) {
            case .done: continue
            case .failed(let event):
                // Before anything else that waits: the machine believes that the effect was done.
                inputs.insert(.event(event), at: 0)
                return
            }
        }
    }
}
