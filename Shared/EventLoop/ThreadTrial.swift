internal import Glibc

/// Whether the process may have the threads that libzmq will start with the first socket: where it gets none, it aborts.
enum ThreadTrial {
    /// What helps where there are too few.
    static let remedy = "raise TasksMax=, LimitNPROC= or the memory"

    /// One for its sockets, and one that closes them.
    private static let needed = 2

    /// Starts so many threads at once, and ends them.
    /// - Throws: `ScarceResource` when there are fewer.
    static func run() throws(ScarceResource) {
        // They stand before it until all of them are there.
        let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        defer { gate.deallocate() }
        pthread_mutex_init(gate, nil)
        defer { pthread_mutex_destroy(gate) }
        var threads: [pthread_t] = []
        var failure: Int32 = 0
        pthread_mutex_lock(gate)
        while threads.count < needed, failure == 0 {
            var thread = pthread_t()
            failure = pthread_create(&thread, nil, body, gate)
            if failure == 0 { threads.append(thread) }
        }
        pthread_mutex_unlock(gate)
        for thread in threads { pthread_join(thread, nil) }
        guard failure == 0 else {
            throw ScarceResource(
                description: "only \(threads.count) of \(needed) threads can be started "
                    + "(\(String(cString: strerror(failure)))); \(remedy)"
            )
        }
    }

    private static let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let gate = argument?.assumingMemoryBound(to: pthread_mutex_t.self) else { return nil }
        pthread_mutex_lock(gate)
        pthread_mutex_unlock(gate)
        return nil
    }
}
