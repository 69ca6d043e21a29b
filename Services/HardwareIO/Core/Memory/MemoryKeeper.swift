import Primitives

/// When the memory is stored. Flash wears, so that there is a budget for registers and counters: 24 writes at once, and one more every 10
/// minutes; that is 144 a day in the long run, each well below 4 KiB. Latched faults and whatever else keeps a contactor open come seldom and
/// have a budget of their own, so that an EV which pauses often cannot use theirs up. A failed write is tried again after a minute, out of the
/// same budgets; the end of the process has none.
struct MemoryKeeper {
    /// Writes that may be made: some at once, and one more every so often.
    private struct Budget {
        let atOnce: Int
        let oneMoreEvery: Duration
        private var left: Int
        /// When it grew last; it grows while it is not full.
        private var grewAt: Duration

        init(_ atOnce: Int, oneMoreEvery: Duration, at start: Duration) {
            self.atOnce = atOnce
            self.oneMoreEvery = oneMoreEvery
            left = atOnce
            grewAt = start
        }

        /// When it allows a write; zero when it does already.
        var allowsAt: Duration { left > 0 ? .zero : grewAt + oneMoreEvery }

        mutating func grow(at uptime: Duration) {
            guard left < atOnce else {
                grewAt = uptime
                return
            }
            while left < atOnce, uptime - grewAt >= oneMoreEvery {
                left += 1
                grewAt += oneMoreEvery
            }
        }

        /// - Returns: Whether it allows one more.
        mutating func spend() -> Bool {
            guard left > 0 else { return false }
            left -= 1
            return true
        }
    }

    private enum State: Equatable {
        case idle
        /// Given to the shell. Next: idle, or failed.
        case writing(HardwareMemory)
        /// Next: writing, at `retryAt`.
        case failed(retryAt: Duration)
    }

    static let writesAtOnce = 24
    static let oneMoreEvery = Duration.seconds(600)
    /// One more write of what keeps a contactor open.
    static let oneMoreUrgentEvery = Duration.seconds(60)
    static let retryAfter = Duration.seconds(60)

    private var state = State.idle
    private var stored: HardwareMemory
    private var wanted: HardwareMemory
    private var common: Budget
    private var urgent: Budget
    /// Why the newest write failed; nil when it did not.
    private var problem: String?
    /// The end of the process tries a disk that failed once more.
    private var hasTriedAtEnd = false

    init(stored: HardwareMemory, at start: Duration) {
        self.stored = stored
        wanted = stored
        common = Budget(Self.writesAtOnce, oneMoreEvery: Self.oneMoreEvery, at: start)
        urgent = Budget(Self.writesAtOnce, oneMoreEvery: Self.oneMoreUrgentEvery, at: start)
    }

    var nextDeadline: Deadline? {
        guard wanted != stored else { return nil }
        switch state {
        case .writing: return nil
        case .failed(let retryAt): return Deadline(at: max(retryAt, allowsAt), for: "the memory is stored again")
        case .idle: return Deadline(at: allowsAt, for: "the memory may be stored again")
        }
    }

    /// Whether the shell has not answered yet.
    var isWriting: Bool { if case .writing = state { true } else { false } }

    /// What is to be remembered now. Stores it if it differs from what is stored, as soon as the budget allows; at the end of the process
    /// at once.
    mutating func keep(_ memory: HardwareMemory, isEnd: Bool = false, _ turn: inout Turn) {
        wanted = memory
        common.grow(at: turn.uptime)
        urgent.grow(at: turn.uptime)
        switch state {
        case .writing: return
        case .failed(let retryAt) where turn.uptime < retryAt:
            guard isEnd, !hasTriedAtEnd else { return }
            hasTriedAtEnd = true
        case .failed, .idle: break
        }
        guard wanted != stored else {
            state = .idle
            return
        }
        let isAllowed = isUrgent ? urgent.spend() : common.spend()
        guard isAllowed || isEnd else { return }
        state = .writing(wanted)
        turn.store(wanted)
    }

    /// - Returns: What is on disk now; nil when nothing was being written.
    mutating func saved(_ turn: inout Turn) -> HardwareMemory? {
        guard case .writing(let memory) = state else { return nil }
        stored = memory
        state = .idle
        if problem != nil { turn.log(LogRecord(.notice, "what must survive a restart is stored again")) }
        problem = nil
        return memory
    }

    mutating func saveFailed(_ reason: String, _ turn: inout Turn) {
        guard case .writing = state else { return }
        state = .failed(retryAt: turn.uptime + Self.retryAfter)
        defer { problem = reason }
        guard problem == nil else { return }
        turn.log(
            LogRecord(
                .error,
                "faults and registers could not be stored; a power cut would forget them",
                .init("reason", reason)
            )
        )
    }

    /// The process ends now. Whoever reads its log has to know what it leaves behind.
    func end(_ turn: inout Turn) {
        guard wanted != stored else { return }
        let message =
            isUrgent
            ? "hardware-io ends, and a fault or what else keeps a contactor open is not stored: a power cut would forget it"
            : "hardware-io ends, and a register or a count is not stored"
        let reason = isWriting ? "the disk has not answered" : problem ?? "the disk was not asked"
        turn.log(LogRecord(.error, message, .init("reason", reason)))
    }

    private var isUrgent: Bool { wanted.latches != stored.latches }

    private var allowsAt: Duration { isUrgent ? urgent.allowsAt : common.allowsAt }
}
