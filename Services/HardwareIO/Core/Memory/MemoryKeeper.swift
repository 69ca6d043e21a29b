import Primitives

/// When the memory is stored. Flash wears, so that there is a budget: 24 writes at once, and one more every 10 minutes; that is 144
/// a day in the long run, each well below 4 KiB. A failed write is tried again after a minute, out of the same budget.
struct MemoryKeeper {
    private enum State: Equatable {
        case idle
        /// Given to the shell. Next: idle, or failed.
        case writing(HardwareMemory)
        /// Next: writing, at `retryAt`.
        case failed(retryAt: Duration)
    }

    static let writesAtOnce = 24
    static let oneMoreEvery = Duration.seconds(600)
    static let retryAfter = Duration.seconds(60)

    private var state = State.idle
    private var stored: HardwareMemory
    private var wanted: HardwareMemory
    private var writesLeft = writesAtOnce
    /// When the budget grew last; it grows while it is not full.
    private var grewAt: Duration
    private var isFailing = false

    init(stored: HardwareMemory, at start: Duration) {
        self.stored = stored
        wanted = stored
        grewAt = start
    }

    var nextDeadline: Deadline? {
        guard wanted != stored else { return nil }
        switch state {
        case .writing: return nil
        case .failed(let retryAt): return Deadline(at: max(retryAt, budgetAt), for: "the memory is stored again")
        case .idle: return Deadline(at: budgetAt, for: "the memory may be stored again")
        }
    }

    /// Whether the shell has not answered yet.
    var isWriting: Bool { if case .writing = state { true } else { false } }

    /// What is to be remembered now. Stores it if it differs from what is stored, as soon as the budget allows.
    mutating func keep(_ memory: HardwareMemory, _ turn: inout Turn) {
        wanted = memory
        grow(at: turn.uptime)
        switch state {
        case .writing: return
        case .failed(let retryAt) where turn.uptime < retryAt: return
        case .failed, .idle: break
        }
        guard wanted != stored else {
            state = .idle
            return
        }
        guard writesLeft > 0 else { return }
        writesLeft -= 1
        state = .writing(wanted)
        turn.store(wanted)
    }

    /// - Returns: What is on disk now; nil when nothing was being written.
    mutating func saved(_ turn: inout Turn) -> HardwareMemory? {
        guard case .writing(let memory) = state else { return nil }
        stored = memory
        state = .idle
        if isFailing { turn.log(LogRecord(.notice, "what must survive a restart is stored again")) }
        isFailing = false
        return memory
    }

    mutating func saveFailed(_ reason: String, _ turn: inout Turn) {
        guard case .writing = state else { return }
        state = .failed(retryAt: turn.uptime + Self.retryAfter)
        guard !isFailing else { return }
        isFailing = true
        turn.log(
            LogRecord(
                .error,
                "faults and registers could not be stored; a restart would forget them",
                .init("reason", reason)
            )
        )
    }

    private var budgetAt: Duration { writesLeft > 0 ? .zero : grewAt + Self.oneMoreEvery }

    private mutating func grow(at uptime: Duration) {
        guard writesLeft < Self.writesAtOnce else {
            grewAt = uptime
            return
        }
        while writesLeft < Self.writesAtOnce, uptime - grewAt >= Self.oneMoreEvery {
            writesLeft += 1
            grewAt += Self.oneMoreEvery
        }
    }
}
