internal import Glibc

/// Looks names up on a thread of its own, because `getaddrinfo` has no form that does not block.
///
/// Names are resolved one after the other; at most `limit` wait.
final class Resolver {
    typealias Outcome = Result<[SocketAddress], ResolveError>

    private struct Job: Sendable {
        let id: Int
        let host: String
        let port: UInt16
    }

    /// Those who wait, by the number of their job.
    private final class Waiting {
        var completions: [Int: (Outcome) -> Void] = [:]
    }

    static let limit = 16

    private let thread: WorkThread<Job, (id: Int, outcome: Outcome)>
    private let waiting = Waiting()
    private var nextID = 0

    init(loop: EventLoop) throws(SystemError) {
        thread = try WorkThread("a name was looked up", loop: loop) {
            { job in
                let outcome = Outcome { () throws(ResolveError) in
                    try SocketAddress.lookUp(host: job.host, port: job.port, flags: AI_ADDRCONFIG)
                }
                return (job.id, outcome)
            }
        } completion: { [waiting] done in
            waiting.completions.removeValue(forKey: done.id)?(done.outcome)
        }
    }

    /// - Returns: False, and the completion is dropped, at the limit.
    func resolve(host: String, port: UInt16, completion: @escaping (Outcome) -> Void) -> Bool {
        guard waiting.completions.count < Self.limit else { return false }
        nextID += 1
        waiting.completions[nextID] = completion
        thread.submit(Job(id: nextID, host: host, port: port))
        return true
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
        let started = try Resolver(loop: self)
        resolver = started
        return started
    }
}
