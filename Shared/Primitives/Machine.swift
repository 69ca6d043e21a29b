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
