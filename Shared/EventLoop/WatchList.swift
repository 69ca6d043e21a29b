internal import ZeroMQ

/// The watches of a loop and the poll set made of them, built anew only when they changed.
struct WatchList {
    private var watches: [Watch] = []
    private var pollSet = PollSet([])
    private var isStale = true

    mutating func add(_ watch: Watch) {
        watches.append(watch)
        isStale = true
    }

    mutating func remove(_ watch: Watch) {
        watch.isActive = false
        watches.removeAll { $0 === watch }
        isStale = true
    }

    mutating func setInterest(_ interest: Watch.Interest, of watch: Watch) {
        watch.interest = interest
        isStale = true
    }

    /// To be called before `wait`, so that the work counts as part of the turn and not of the wait.
    mutating func rebuild() {
        guard isStale else { return }
        pollSet = PollSet(watches.map { ($0.source, PollSet.Interest($0.interest)) })
        isStale = false
    }

    /// Waits until a watch is ready.
    /// - Parameter milliseconds: The longest wait; -1 for ever, 0 not at all.
    /// - Returns: Those that are ready and for what, in the order in which they were added.
    /// - Throws: `ZeroMQError` when a source is not valid any more.
    mutating func wait(milliseconds: Int32) throws(ZeroMQError) -> [(watch: Watch, readiness: Watch.Interest)] {
        var count = try pollSet.wait(milliseconds: milliseconds)
        var ready: [(watch: Watch, readiness: Watch.Interest)] = []
        for (index, watch) in watches.enumerated() {
            guard count > 0 else { break }
            let readiness = pollSet.readiness(at: index)
            guard !readiness.isEmpty else { continue }
            count -= 1
            ready.append((watch, Watch.Interest(readiness)))
        }
        return ready
    }
}
