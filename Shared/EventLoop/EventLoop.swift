internal import Glibc
public import Primitives
public import ZeroMQ

/// The one thread of a service: waits for its sockets, descriptors, deadlines and signals, and calls their handlers, one at a time.
///
/// Nothing here is thread-safe; everything is called from the thread that runs the loop. Handlers must not block: each turn is measured,
/// and one above `turnLimit` is reported with what it was spent on.
public final class EventLoop {
    private enum Phase { case idle, running, stopping }

    /// The libzmq context of this process. Created after the signals are blocked, so that its thread never takes one.
    public let context: ZeroMQContext

    /// Called for each SIGTERM and SIGINT. Without one they stop the loop.
    public var onTermination: (() -> Void)?
    /// Called for each SIGHUP; ignored without one.
    public var onHangup: (() -> Void)?

    private var meter = TurnMeter()
    private var timer: TimerDescriptor
    private let signals: SignalDescriptor
    private var watches = WatchList()
    private var sources: [DeadlineSource] = []
    private var deferred: [() -> Void] = []
    private var background: [BackgroundWork] = []
    private var phase = Phase.idle
    /// Created with the first name to resolve.
    var resolver: Resolver?

    /// Blocks TERM, INT and HUP for this thread, ignores SIGPIPE and SIGXFSZ, and raises the limit of descriptors.
    /// - Throws: `ScarceResource`, `SystemError` or `ZeroMQError` when the process may have too few descriptors or threads.
    public init() throws {
        signals = try SignalDescriptor()
        // Asked before, because libzmq aborts where it gets none.
        try DescriptorLimit.raiseToNeed()
        try ThreadTrial.run()
        timer = try TimerDescriptor()
        context = try ZeroMQContext()
        // The loop owns its watches, so they must not own the loop.
        watch(descriptor: timer.descriptor.raw, for: "the timer") { [unowned self] _ in timer.acknowledge() }
        watch(descriptor: signals.descriptor.raw, for: "signals") { [unowned self] _ in takeSignals() }
    }

    // MARK: - Sockets and descriptors

    /// Calls `handler` whenever `descriptor` is ready for `interest`, or failed.
    /// - Parameters:
    ///   - descriptor: Open until `unwatch`.
    ///   - interest: What to wait for; failures are reported in any case.
    ///   - reason: What it is for, in a few words; names what a long turn was spent on.
    ///   - handler: Called once per turn while it is ready.
    /// - Returns: What to end or change the wait with.
    @discardableResult
    public func watch(
        descriptor: Int32,
        interest: Watch.Interest = .readable,
        for reason: String = "a descriptor",
        handler: @escaping (Watch.Interest) -> Void
    ) -> Watch {
        add(Watch(source: .descriptor(descriptor), interest: interest, reason: reason, handler: handler))
    }

    /// Calls `handler` whenever a message waits in `socket`. A handler may leave messages for the next turn.
    /// - Parameters:
    ///   - socket: Open until `unwatch`.
    ///   - reason: What it is for, in a few words; names what a long turn was spent on.
    ///   - handler: Called once per turn while a message waits.
    /// - Returns: What to end the wait with.
    @discardableResult
    public func watch(
        socket: ZeroMQSocket,
        for reason: String = "a socket",
        handler: @escaping () -> Void
    ) -> Watch {
        add(Watch(source: .socket(socket), interest: .readable, reason: reason) { _ in handler() })
    }

    /// Changes what `watch` waits for.
    public func modify(_ watch: Watch, interest: Watch.Interest) {
        guard watch.isActive, watch.interest != interest else { return }
        watches.setInterest(interest, of: watch)
    }

    /// Ends `watch`; its handler is not called any more, not even in this turn. Legal from any handler, and twice.
    public func unwatch(_ watch: Watch) {
        guard watch.isActive else { return }
        watches.remove(watch)
    }

    private func add(_ watch: Watch) -> Watch {
        watches.add(watch)
        return watch
    }

    // MARK: - Deadlines, deferred and background work

    /// Asks `next` for a deadline once per turn, before the wait, and calls `fire` once that has passed.
    ///
    /// `fire` is called once per turn, so a source with several deadlines due handles one or all of them per call. A source whose
    /// deadline has passed is asked once more before it is fired, because a handler of the same turn may have taken it back; one that
    /// became due meanwhile is fired in the next turn, which begins at once.
    @discardableResult
    public func addDeadlineSource(
        next: @escaping () -> Deadline?,
        fire: @escaping (Moment) -> Void
    ) -> DeadlineSource {
        let source = DeadlineSource(next: next, fire: fire)
        sources.append(source)
        return source
    }

    /// Ends `source`. Legal from any handler, and twice.
    public func removeDeadlineSource(_ source: DeadlineSource) {
        source.isActive = false
        sources.removeAll { $0 === source }
    }

    /// Calls `work` after the current handler has returned and before the next wait, in order.
    public func enqueue(_ work: @escaping () -> Void) { deferred.append(work) }

    /// Calls `slice` until it returns false, once per turn and after everything else that was ready: for work that is too long for
    /// one turn, such as rewriting a file. While there is any, the loop does not wait; several take turns with each other.
    /// - Parameters:
    ///   - reason: What it is, in a few words; names what a long turn was spent on.
    ///   - slice: Does a part that is short compared with `turnLimit`; returns whether there is more.
    public func addBackgroundWork(_ reason: String, slice: @escaping () -> Bool) {
        background.append(BackgroundWork(reason: reason, slice: slice))
    }

    // MARK: - Measuring

    /// A turn that takes longer than this is reported.
    public var turnLimit: Duration {
        get { meter.limit }
        set { meter.limit = newValue }
    }

    /// Called before the next wait with each turn above `turnLimit`.
    public var onLongTurn: ((Turn) -> Void)? {
        get { meter.onLong }
        set { meter.onLong = newValue }
    }

    /// The longest turn since the start or since `forgetLongestTurn`; nil before the first has ended.
    public var longestTurn: Turn? { meter.longest }

    /// How many turns were above `turnLimit`.
    public var longTurns: Int { meter.longTurns }

    /// How often the loop has woken up.
    public var wakeUps: Int { meter.turns }

    /// Begins a new span of time for `longestTurn`.
    public func forgetLongestTurn() { meter.forgetLongest() }

    // MARK: - Running

    /// Ends `run` after the current turn. Before `run`, it makes `run` return at once.
    public func stop() { phase = .stopping }

    /// Waits and calls handlers until `stop`. May be called again.
    /// - Throws: `SystemError` or `ZeroMQError` when waiting itself fails.
    public func run() throws {
        precondition(phase != .running, "A loop does not run inside one of its own handlers.")
        defer { phase = .idle }
        if phase == .idle { phase = .running }
        meter.begin(isWakeUp: false)
        while phase == .running { try turn() }
        if let long = meter.end() { onLongTurn?(long) }
    }

    /// For the end of the process: waits until closed sockets have sent what they may still send. Does nothing while one is open.
    public func finishSending() { context.finish() }

    private func turn() throws {
        try prepare()
        let mayWait = deferred.isEmpty && background.isEmpty
        let ready = try watches.wait(milliseconds: mayWait ? -1 : 0)
        meter.begin(isWakeUp: true)
        for (watch, readiness) in ready where watch.isActive {
            // A handler before this one may have ended this watch.
            watch.handler(readiness)
            runDeferred()
            meter.count(watch.reason)
        }
        fireDeadlines()
        if !deferred.isEmpty {
            runDeferred()
            meter.count("deferred work")
        }
        workInBackground()
    }

    /// What the wait needs, still a part of the turn before it; reports that turn when it was long.
    private func prepare() throws {
        var due: Deadline?
        for source in sources {
            source.due = source.next()
            due = earliest(due, source.due)
        }
        try timer.arm(notLaterThan: due?.at)
        watches.rebuild()
        meter.count("deadlines are asked for")
        if let long = meter.end() { onLongTurn?(long) }
    }

    private func fireDeadlines() {
        let moment = Self.now()
        for source in sources where source.isActive {
            guard let asked = source.due, asked.isDue(at: moment.uptime), let due = source.next(),
                due.isDue(at: moment.uptime)
            else { continue }
            source.fire(moment)
            runDeferred()
            meter.count(due.reason)
        }
    }

    private func runDeferred() {
        // Bounded: what deferred work defers runs in the next round, after the descriptors had their turn.
        guard !deferred.isEmpty else { return }
        let batch = deferred
        deferred.removeAll()
        for work in batch { work() }
    }

    /// One slice of one work, so that descriptors and deadlines never wait for more than that.
    private func workInBackground() {
        guard !background.isEmpty else { return }
        let work = background.removeFirst()
        if work.slice() { background.append(work) }
        meter.count(work.reason)
    }

    private func takeSignals() {
        while let signal = signals.next() {
            switch signal {
            case SIGTERM, SIGINT:
                if let onTermination { onTermination() } else { stop() }
            case SIGHUP: onHangup?()
            default: preconditionFailure("Only the signals that were blocked can arrive here.")
            }
        }
    }
}

/// Deadlines of one part of a service, as data that the loop asks for.
public final class DeadlineSource {
    let next: () -> Deadline?
    let fire: (Moment) -> Void
    /// What `next` said before the last wait.
    var due: Deadline?
    var isActive = true

    init(next: @escaping () -> Deadline?, fire: @escaping (Moment) -> Void) {
        self.next = next
        self.fire = fire
    }
}

/// Work that is done a slice per turn.
private struct BackgroundWork {
    let reason: String
    let slice: () -> Bool
}
