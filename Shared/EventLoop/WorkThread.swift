internal import CLinux
internal import Glibc
internal import Primitives
internal import Synchronization

/// A thread for the calls of the system that have no form which does not block: names to look up, a disk to wait for.
///
/// Jobs are done one after the other, in their order. The loop hears of each outcome in a turn of its own, and waits for none. What the
/// jobs work on is made on the thread and never leaves it; jobs and outcomes are values.
public final class WorkThread<Job: Sendable, Outcome: Sendable> {
    private let worker: Worker<Job, Outcome>
    /// It may own this, so this must not own it.
    private weak var loop: EventLoop?
    private var watch: Watch?

    /// Starts the thread.
    /// - Parameters:
    ///   - reason: What it is for, in a few words; names what a long turn of the loop was spent on.
    ///   - loop: Where `completion` is called.
    ///   - begin: Called once, on the thread: makes what the jobs work on, and returns how a job is done.
    ///   - completion: Called on the loop with what became of each job, in the order of the jobs.
    /// - Throws: `SystemError` when the process may have no more threads or descriptors.
    public init(
        _ reason: String,
        loop: EventLoop,
        begin: @escaping @Sendable () -> (Job) -> Outcome,
        completion: @escaping (Outcome) -> Void
    ) throws(SystemError) {
        worker = try Worker()
        self.loop = loop
        try worker.start(for: reason, begin)
        watch = loop.watch(descriptor: worker.outcomesReady.raw, for: reason) { [unowned worker] _ in
            for outcome in worker.takeOutcomes() { completion(outcome) }
        }
    }

    // The thread may be inside a call for seconds; it ends when that returns, and owns what it needs until then.
    deinit {
        if let watch { loop?.unwatch(watch) }
        worker.end()
    }

    /// Has `job` done after those before it. How many wait is for the caller to bound.
    public func submit(_ job: Job) { worker.submit(job) }

    /// Has `job` done after those before it, and waits for that, on the loop: for what has to be done before the process ends. What becomes of those
    /// before is dropped.
    /// - Returns: What became of it; nil when that took longer than `limit`. The thread may be inside the call still.
    public func finish(_ job: Job, within limit: Duration) -> Outcome? {
        worker.submit(job)
        let end = EventLoop.uptime() + limit
        while true {
            let (outcomes, areAll) = worker.takeAnswers()
            if areAll { return outcomes.last }
            let rest = end - EventLoop.uptime()
            guard rest > .zero else { return nil }
            worker.outcomesReady.waitToRead(atMost: rest)
        }
    }
}

extension Descriptor {
    fileprivate func waitToRead(atMost rest: Duration) {
        var waiting = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
        // A signal only makes the caller look at the clock.
        _ = poll(&waiting, 1, Int32(clamping: rest.wholeMilliseconds + 1))
    }
}

/// What the loop and the thread share: two mailboxes, each with an eventfd that counts what is in it.
private final class Worker<Job: Sendable, Outcome: Sendable>: Sendable {
    private struct Mailboxes {
        var jobs: [Job] = []
        var outcomes: [Outcome] = []
        /// Submitted, and not taken back as an outcome yet.
        var unanswered = 0
        var isEnding = false
    }

    private let mailboxes = Mutex(Mailboxes())
    private let jobsReady: Descriptor
    let outcomesReady: Descriptor

    init() throws(SystemError) {
        let jobs = try systemCall("create a mailbox") { eventfd(0, Int32(EFD_CLOEXEC)) }
        jobsReady = Descriptor(takingOwnershipOf: jobs)
        let outcomes = try systemCall("create a mailbox") { eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)) }
        outcomesReady = Descriptor(takingOwnershipOf: outcomes)
    }

    func start(for reason: String, _ begin: @escaping @Sendable () -> (Job) -> Outcome) throws(SystemError) {
        try LoopThread.start(for: reason) { [self] in
            let work = begin()
            while let job = nextJob() {
                let outcome = work(job)
                mailboxes.withLock { $0.outcomes.append(outcome) }
                ring(outcomesReady.raw)
            }
        }
    }

    func submit(_ job: Job) {
        mailboxes.withLock {
            $0.jobs.append(job)
            $0.unanswered += 1
        }
        ring(jobsReady.raw)
    }

    func end() {
        mailboxes.withLock { $0.isEnding = true }
        ring(jobsReady.raw)
    }

    func takeOutcomes() -> [Outcome] { takeAnswers().outcomes }

    /// - Returns: Whether every job that was submitted is answered by now, too.
    func takeAnswers() -> (outcomes: [Outcome], areAll: Bool) {
        var count: UInt64 = 0
        // Nothing to read is legal: an earlier call took these outcomes already.
        _ = read(outcomesReady.raw, &count, MemoryLayout.size(ofValue: count))
        return mailboxes.withLock { mailboxes in
            defer { mailboxes.outcomes.removeAll() }
            mailboxes.unanswered -= mailboxes.outcomes.count
            return (mailboxes.outcomes, mailboxes.unanswered == 0)
        }
    }

    /// Waits for a job; nil when the thread shall end.
    private func nextJob() -> Job? {
        while true {
            let (job, isEnding) = mailboxes.withLock { mailboxes in
                (mailboxes.jobs.isEmpty ? nil : mailboxes.jobs.removeFirst(), mailboxes.isEnding)
            }
            if isEnding { return nil }
            if let job { return job }
            var count: UInt64 = 0
            // An interrupted read only looks into the mailbox once more.
            _ = read(jobsReady.raw, &count, MemoryLayout.size(ofValue: count))
        }
    }

    private func ring(_ descriptor: Int32) {
        var one: UInt64 = 1
        let written = write(descriptor, &one, MemoryLayout.size(ofValue: one))
        precondition(written == MemoryLayout.size(ofValue: one), "A mailbox counts far fewer items than it could.")
    }
}
