internal import Glibc
public import Primitives
public import ZeroMQ

/// The one thread of a service: waits for its sockets, descriptors, deadlines and signals, and calls their handlers, one at a time.
///
/// Nothing here is thread-safe; everything is called from the thread that runs the loop. Handlers must not block: what takes longer
/// than `slowIteration` is reported through `onSlowIteration`.
public final class EventLoop {
    /// An iteration that takes longer than this is reported.
    public static let slowIteration = Duration.milliseconds(100)

    /// The libzmq context of this process. Created after the signals are blocked, so that its thread never takes one.
    public let context: ZeroMQContext

    /// Called for each SIGTERM and SIGINT. Without one they stop the loop.
    public var onTermination: (() -> Void)?
    /// Called for each SIGHUP; ignored without one.
    public var onHangup: (() -> Void)?
    /// Called with the length of each iteration above `slowIteration`; a blocked loop is a dead service.
    public var onSlowIteration: ((Duration) -> Void)?
    /// The longest iteration so far, waiting not counted.
    public private(set) var longestIteration = Duration.zero
    /// How often the loop has woken up.
    public private(set) var wakeUps = 0

    private var timer: TimerDescriptor
    private let signals: SignalDescriptor
    private var watches: [Watch] = []
    private var pollSet = PollSet([])
    private var isPollSetStale = true
    private var sources: [DeadlineSource] = []
    private var deferred: [() -> Void] = []
    private var isRunning = false
    private var isStopping = false
    /// Created with the first name to resolve.
    var resolver: Resolver?

    /// Blocks TERM, INT and HUP for this thread and ignores SIGPIPE.
    /// - Throws: `SystemError` or `ZeroMQError` when the process has no descriptors left.
    public init() throws {
        signals = try SignalDescriptor()
        timer = try TimerDescriptor()
        context = try ZeroMQContext()
        // The loop owns its watches, so they must not own the loop.
        watch(descriptor: timer.descriptor.raw) { [unowned self] _ in timer.acknowledge() }
        watch(descriptor: signals.descriptor.raw) { [unowned self] _ in takeSignals() }
    }

    // MARK: - Sockets and descriptors

    /// Calls `handler` whenever `descriptor` is ready for `interest`, or failed. The caller keeps it open until `unwatch`.
    @discardableResult
    public func watch(
        descriptor: Int32,
        interest: Watch.Interest = .readable,
        handler: @escaping (Watch.Interest) -> Void
    ) -> Watch {
        add(Watch(source: .descriptor(descriptor), interest: interest, handler: handler))
    }

    /// Calls `handler` whenever a message waits in `socket`. A handler may leave messages for the next iteration.
    @discardableResult
    public func watch(socket: ZeroMQSocket, handler: @escaping () -> Void) -> Watch {
        add(Watch(source: .socket(socket), interest: .readable) { _ in handler() })
    }

    /// Changes what `watch` waits for.
    public func modify(_ watch: Watch, interest: Watch.Interest) {
        guard watch.isActive, watch.interest != interest else { return }
        watch.interest = interest
        isPollSetStale = true
    }

    /// Ends `watch`; its handler is not called any more, not even in this iteration. Legal from any handler, and twice.
    public func unwatch(_ watch: Watch) {
        guard watch.isActive else { return }
        watch.isActive = false
        watches.removeAll { $0 === watch }
        isPollSetStale = true
    }

    private func add(_ watch: Watch) -> Watch {
        watches.append(watch)
        isPollSetStale = true
        return watch
    }

    // MARK: - Deadlines and deferred work

    /// Asks `next` for a deadline before every wait, and calls `fire` once that has passed.
    ///
    /// `fire` is called once per iteration, so a source with several deadlines due handles one or all of them per call.
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

    // MARK: - Running

    /// Ends `run` after the current iteration. Before `run`, it makes `run` return at once.
    public func stop() { isStopping = true }

    /// Waits and calls handlers until `stop`. May be called again.
    /// - Throws: `SystemError` or `ZeroMQError` when waiting itself fails.
    public func run() throws {
        precondition(!isRunning, "A loop does not run inside one of its own handlers.")
        isRunning = true
        defer {
            isRunning = false
            isStopping = false
        }
        while !isStopping { try iterate() }
    }

    /// For the end of the process: waits until closed sockets have sent what they may still send. Does nothing while one is open.
    public func finishSending() { context.finish() }

    private func iterate() throws {
        var due: Deadline?
        for source in sources { due = earliest(due, source.next()) }
        try timer.arm(notLaterThan: due?.at)
        if isPollSetStale {
            pollSet = PollSet(watches.map { ($0.source, PollSet.Interest($0.interest)) })
            isPollSetStale = false
        }
        let polled = watches
        var ready = try pollSet.wait(milliseconds: deferred.isEmpty ? -1 : 0)
        let start = Self.uptime()
        wakeUps += 1
        for (index, watch) in polled.enumerated() {
            guard ready > 0 else { break }
            let readiness = pollSet.readiness(at: index)
            guard !readiness.isEmpty else { continue }
            ready -= 1
            // A handler before this one may have ended this watch.
            if watch.isActive { watch.handler(Watch.Interest(readiness)) }
            runDeferred()
        }
        fireDeadlines()
        runDeferred()
        measure(since: start)
    }

    private func fireDeadlines() {
        let moment = Self.now()
        for source in sources where source.isActive {
            guard let due = source.next(), due.isDue(at: moment.uptime) else { continue }
            source.fire(moment)
            runDeferred()
        }
    }

    private func runDeferred() {
        // Bounded: what deferred work defers runs in the next round, after the descriptors had their turn.
        guard !deferred.isEmpty else { return }
        let batch = deferred
        deferred.removeAll()
        for work in batch { work() }
    }

    private func measure(since start: Duration) {
        let length = Self.uptime() - start
        longestIteration = max(longestIteration, length)
        if length > Self.slowIteration { onSlowIteration?(length) }
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
    var isActive = true

    init(next: @escaping () -> Deadline?, fire: @escaping (Moment) -> Void) {
        self.next = next
        self.fire = fire
    }
}
