internal import CLinux
internal import Glibc
internal import Synchronization

/// The one escape from the rule that nothing blocks: a thread that calls `getaddrinfo`, which has no other form.
///
/// Names are resolved one after the other; at most `limit` wait.
final class Resolver {
    typealias Outcome = Result<[SocketAddress], ResolveError>

    static let limit = 16

    private let worker: Worker
    private var completions: [Int: (Outcome) -> Void] = [:]
    private var nextID = 0

    init() throws(SystemError) { worker = try Worker() }

    // The thread may be inside getaddrinfo for seconds; it ends when that returns, and owns what it needs until then.
    deinit { worker.end() }

    /// Readable when an outcome waits.
    var descriptor: Int32 { worker.outcomesReady.raw }

    /// - Returns: False, and the completion is dropped, at the limit.
    func resolve(host: String, port: UInt16, completion: @escaping (Outcome) -> Void) -> Bool {
        guard completions.count < Self.limit else { return false }
        nextID += 1
        completions[nextID] = completion
        worker.submit(Worker.Job(id: nextID, host: host, port: port))
        return true
    }

    func takeOutcomes() {
        for (id, outcome) in worker.takeOutcomes() { completions.removeValue(forKey: id)?(outcome) }
    }
}

/// The thread with its two mailboxes, each with an eventfd that counts what is in it.
private final class Worker: Sendable {
    struct Job: Sendable {
        let id: Int
        let host: String
        let port: UInt16
    }

    private struct Mailboxes {
        var jobs: [Job] = []
        var outcomes: [(id: Int, outcome: Resolver.Outcome)] = []
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
        var thread = pthread_t()
        // The thread holds one reference to its mailboxes and gives it back when it ends.
        let reference = Unmanaged.passRetained(self)
        let result = pthread_create(&thread, nil, Worker.main, reference.toOpaque())
        guard result == 0 else {
            reference.release()
            throw SystemError(code: result, operation: "start the resolver thread")
        }
        pthread_detach(thread)
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { preconditionFailure("The thread is started with its mailboxes.") }
        let worker = Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue()
        while let job = worker.nextJob() {
            let outcome = Resolver.Outcome { () throws(ResolveError) in
                try SocketAddress.lookUp(host: job.host, port: job.port, flags: AI_ADDRCONFIG)
            }
            worker.mailboxes.withLock { $0.outcomes.append((job.id, outcome)) }
            worker.ring(worker.outcomesReady.raw)
        }
        return nil
    }

    func submit(_ job: Job) {
        mailboxes.withLock { $0.jobs.append(job) }
        ring(jobsReady.raw)
    }

    func end() {
        mailboxes.withLock { $0.isEnding = true }
        ring(jobsReady.raw)
    }

    func takeOutcomes() -> [(id: Int, outcome: Resolver.Outcome)] {
        var count: UInt64 = 0
        // Nothing to read is legal: an earlier call took these outcomes already.
        _ = read(outcomesReady.raw, &count, MemoryLayout.size(ofValue: count))
        return mailboxes.withLock { mailboxes in
            defer { mailboxes.outcomes.removeAll() }
            return mailboxes.outcomes
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

extension EventLoop {
    /// Looks `host` up on the resolver thread. Addresses in digits are answered without it.
    ///
    /// `completion` is called once, from the loop, possibly seconds later; there is no cancelling, ignore what comes too late.
    public func resolve(
        host: String,
        port: UInt16,
        completion: @escaping (Result<[SocketAddress], ResolveError>) -> Void
    ) {
        if let address = SocketAddress(numeric: host, port: port) {
            return enqueue { completion(.success([address])) }
        }
        do {
            let resolver = try resolver ?? startResolver()
            if !resolver.resolve(host: host, port: port, completion: completion) {
                enqueue { completion(.failure(ResolveError(host: host, code: 0))) }
            }
        } catch {
            enqueue { completion(.failure(ResolveError(host: host, code: EAI_SYSTEM))) }
        }
    }

    private func startResolver() throws(SystemError) -> Resolver {
        let started = try Resolver()
        watch(descriptor: started.descriptor) { [unowned started] _ in started.takeOutcomes() }
        resolver = started
        return started
    }
}
