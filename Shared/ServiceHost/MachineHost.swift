public import EventLoop
public import Primitives

/// Drives one machine: feeds it one event, performs all its effects in order, and only then feeds the next one.
///
/// Inlinable, so that a daemon gets a host made for its machine: a general one copies events and effects through tables of the runtime, which
/// took a twelfth of the gateway's work for a CALL.
public final class MachineHost<M: Machine> {
    /// What became of an effect.
    public enum Performed {
        case done
        /// It could not be done: the effects after it are not performed, and this event is fed next. For failed `persist` effects,
        /// so that nothing is acted on or sent that is not on disk. See `TransactionalMachine` for machines that go back.
        case failed(M.Event)
    }

    /// What became of the effects of one input.
    @usableFromInline
    enum Outcome { case done, failed(M.Event) }

    @usableFromInline
    enum Input {
        case event(M.Event)
        case deadline
    }

    /// Failures after which a transactional machine's input is given up.
    @inlinable public static var mostRestorations: Int { 8 }

    /// Inputs that may wait while effects are performed. A daemon delivers a handful from inside `perform`; more than this is a loop
    /// of effects that cause themselves, which would otherwise take all memory before anybody saw it.
    @inlinable public static var longestQueue: Int { 10_000 }

    /// The machine, to look at.
    @inlinable public var machine: M { _read { yield current } }
    @usableFromInline var current: M
    /// Carries out one effect. Set it before the first event; it may call `deliver`, which then waits for its turn.
    public var perform: (M.Effect) -> Performed = { _ in preconditionFailure("An effect needs somebody to perform it.")
    }
    /// Called after each event once its effects are performed, for what follows from the new state.
    public var afterEvent: (() -> Void)?
    /// Called when a transactional machine's input was given up: its core orders what fails although it knows of the failure.
    public var onGivingUp: (() -> Void)?

    @usableFromInline let loop: EventLoop
    /// The machine's, asked for once after each input: the loop asks in every turn.
    @usableFromInline var nextDeadline: Deadline?
    @usableFromInline var deadlines: DeadlineSource?
    @usableFromInline var inputs: [Input] = []
    @usableFromInline var isDelivering = false
    @usableFromInline let isTransactional = M.self is any TransactionalMachine.Type

    /// Wires the deadlines of `machine` to `loop`.
    @inlinable
    public init(_ machine: M, loop: EventLoop) {
        current = machine
        self.loop = loop
        nextDeadline = machine.nextDeadline
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in nextDeadline },
            fire: { [unowned self] _ in take(.deadline) }
        )
    }

    @inlinable
    deinit {
        if let deadlines { loop.removeDeadlineSource(deadlines) }
    }

    /// Feeds `event`, at once, or after the effects that are being performed.
    @inlinable
    public func deliver(_ event: M.Event) { take(.event(event)) }

    @inlinable
    func take(_ input: Input) {
        precondition(inputs.count < Self.longestQueue, "Effects that lead to ever more events are a bug of the core.")
        inputs.append(input)
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        // A round at a time, because removing the first of many moves all the others.
        while !inputs.isEmpty {
            let round = inputs
            inputs.removeAll()
            for input in round { feed(input) }
        }
        nextDeadline = Self.nextDeadline(of: &current)
    }

    /// The machine is handed over where it is: read out of the host it would be copied, and it is large.
    @inlinable
    static func nextDeadline(of machine: inout M) -> Deadline? { machine.nextDeadline }

    /// Feeds one input and performs what it leads to, failures included.
    @inlinable
    func feed(_ input: Input) {
        guard isTransactional else {
            let outcome = performAll(handle(input))
            afterEvent?()
            // Before anything else that waits: the machine believes that the effect was done.
            if case .failed(let event) = outcome { feed(.event(event)) }
            return
        }
        var failures = 0
        if !feedAsTransaction(input, &failures) { onGivingUp?() }
    }

    /// - Returns: Whether all effects were performed in the end.
    @inlinable
    func feedAsTransaction(_ input: Input, _ failures: inout Int) -> Bool {
        while true {
            // A value: nothing is copied but what the event changes.
            let before = current
            guard case .failed(let failure) = performAll(handle(input)) else {
                afterEvent?()
                return true
            }
            current = before
            failures += 1
            guard failures <= Self.mostRestorations, feedAsTransaction(.event(failure), &failures) else { return false }
        }
    }

    @inlinable
    func handle(_ input: Input) -> [M.Effect] {
        let moment = EventLoop.now()
        switch input {
        case .event(let event): return current.handle(event, at: moment)
        case .deadline: return current.deadlineReached(at: moment)
        }
    }

    @inlinable
    func performAll(_ effects: [M.Effect]) -> Outcome {
        for effect in effects {
            switch perform(effect) {
            case .done: continue
            case .failed(let event): return .failed(event)
            }
        }
        return .done
    }
}
