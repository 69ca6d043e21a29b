/// A pure state machine: facts in, orders out, no I/O, no clock, no randomness of its own.
///
/// The shell feeds one event, performs all returned effects in order, and only then feeds the next one. A failed
/// `persist` effect stops the effects after it and comes back as an event: nothing is acted on or sent that is not on disk.
public protocol Machine {
    /// Facts, in the past tense. Late and duplicate events are legal.
    associatedtype Event
    /// Orders to the shell, imperative, carried out in the order given.
    associatedtype Effect

    /// When the shell must call `deadlineReached(at:)`, and why; nil when nothing is pending. Asked once per turn of the loop.
    var nextDeadline: Deadline? { get }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect]

    /// Called when `nextDeadline` has passed. Waking early is legal and returns nothing.
    mutating func deadlineReached(at moment: Moment) -> [Effect]
}

/// A machine whose failed effects are transactions that did not happen.
///
/// When an effect fails, its host gives the machine back the value that it had before the event (or deadline) that led to the
/// effect, feeds it the event of the failure, and then feeds the original one again. The machine decides anew, knowing of the failure;
/// it never has to find out what of its own new value was not to be.
///
/// Its side of the contract: what was performed before the failed effect stays performed and is ordered again with the original event.
/// So an effect that can fail stands first, or only behind effects that may be repeated and hold even when nothing follows them
/// (opening a contactor). And the event of the failure must change what the original one leads to, or the repetition fails as before:
/// after a few failures in a row the host gives the input up, as if it had never come.
/// The event of a failure is an input like any other: when an effect of its own fails, it is taken back and repeated in the same way.
public protocol TransactionalMachine: Machine {}
