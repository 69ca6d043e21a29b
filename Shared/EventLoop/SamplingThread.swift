internal import CLinux
internal import Glibc
internal import Synchronization

/// A thread that samples something at a steady pace and wakes the loop only when a sample is worth it: what is looked at each 10 ms must not wake
/// the process a hundred times a second while nothing happens.
///
/// What is sampled is made on the thread and never leaves it; what is told are values, with the uptime at which each was sampled. Told ones wait in
/// a mailbox until the loop comes; of more than `mailboxLimit` the oldest are dropped, because the newest say how things are.
public final class SamplingThread<Sample: Sendable> {
    private let sampler: Sampler<Sample>
    private weak var loop: EventLoop?
    private var watch: Watch?

    /// Starts the thread.
    /// - Parameters:
    ///   - reason: What it is for, in a few words; names what a long turn of the loop was spent on.
    ///   - interval: From one sample to the next; 1 ms or more. A sample that takes longer makes the next one late, and none is made up for.
    ///   - loop: Where `handler` is called.
    ///   - begin: Called once, on the thread: makes what is sampled, and returns what samples it at an uptime, or nil when that is not worth a report.
    ///   - handler: Called on the loop with each sample that is, and the uptime at which it was begun.
    /// - Throws: `SystemError` when the process may have no more threads or descriptors.
    public convenience init(
        _ reason: String,
        every interval: Duration,
        loop: EventLoop,
        begin: @escaping @Sendable () -> (Duration) -> Sample?,
        handler: @escaping (Sample, Duration) -> Void
    ) throws(SystemError) {
        try self.init(
            reason,
            loop: loop,
            begin: {
                let sample = begin()
                return { (sample($0), interval) }
            },
            handler: handler
        )
    }

    /// Starts the thread, which samples at a pace that follows from what it finds.
    /// - Parameters:
    ///   - reason: As above.
    ///   - loop: As above.
    ///   - begin: As above; with each sample comes the time until the next one, 1 ms or more.
    ///   - handler: As above.
    /// - Throws: `SystemError` when the process may have no more threads or descriptors.
    public init(
        _ reason: String,
        loop: EventLoop,
        begin: @escaping @Sendable () -> (Duration) -> (Sample?, Duration),
        handler: @escaping (Sample, Duration) -> Void
    ) throws(SystemError) {
        sampler = try Sampler()
        self.loop = loop
        let sampler = sampler
        try LoopThread.start(for: reason) { sampler.run(begin) }
        watch = loop.watch(descriptor: sampler.ready.raw, for: reason) { [unowned sampler] _ in
            for (sample, uptime) in sampler.take() { handler(sample, uptime) }
        }
    }

    // The thread may be inside a call; it ends when that returns, and owns what it needs until then.
    deinit {
        if let watch { loop?.unwatch(watch) }
        sampler.end()
    }

    /// So many wait at most.
    public static var mailboxLimit: Int { Sampler<Sample>.limit }
}

/// What the loop and the thread share.
private final class Sampler<Sample: Sendable>: Sendable {
    private struct Mailbox {
        var samples: [(Sample, Duration)] = []
        var isEnding = false
    }

    static var limit: Int { 256 }

    private let mailbox = Mutex(Mailbox())
    let ready: Descriptor

    init() throws(SystemError) {
        let raw = try systemCall("create a mailbox") { eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)) }
        ready = Descriptor(takingOwnershipOf: raw)
    }

    func run(_ begin: () -> (Duration) -> (Sample?, Duration)) {
        let sample = begin()
        var due = EventLoop.uptime()
        while !mailbox.withLock({ $0.isEnding }) {
            let uptime = EventLoop.uptime()
            let (told, interval) = sample(uptime)
            if let told { tell(told, uptime) }
            // On the grid while it is punctual, so that the pace does not drift.
            due = max(due + max(interval, .milliseconds(1)), EventLoop.uptime())
            Self.sleep(until: due)
        }
    }

    private func tell(_ sample: Sample, _ uptime: Duration) {
        let wasEmpty = mailbox.withLock { mailbox in
            mailbox.samples.append((sample, uptime))
            if mailbox.samples.count > Self.limit { mailbox.samples.removeFirst() }
            return mailbox.samples.count == 1
        }
        guard wasEmpty else { return }
        var one: UInt64 = 1
        _ = write(ready.raw, &one, MemoryLayout.size(ofValue: one))
    }

    func take() -> [(Sample, Duration)] {
        var count: UInt64 = 0
        _ = read(ready.raw, &count, MemoryLayout.size(ofValue: count))
        return mailbox.withLock { mailbox in
            defer { mailbox.samples.removeAll() }
            return mailbox.samples
        }
    }

    func end() { mailbox.withLock { $0.isEnding = true } }

    private static func sleep(until uptime: Duration) {
        let (seconds, attoseconds) = uptime.components
        var moment = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        // Interrupted, it is a little early, which the next one makes good.
        _ = clock_nanosleep(CLOCK_BOOTTIME, Int32(TIMER_ABSTIME), &moment, nil)
    }
}
