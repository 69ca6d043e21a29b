internal import CLinux
internal import Glibc
internal import Primitives

/// One turn of a loop: from the end of one wait to the beginning of the next.
public struct Turn: Equatable, Sendable {
    /// How long nothing else could happen.
    public let length: Duration
    /// How much of that this thread worked; in the rest it waited for the kernel, or others had the CPU.
    public let worked: Duration
    /// What took the longest part of it: the reason of a watch, of a deadline, of deferred or of background work.
    public let reason: String

    public init(length: Duration, worked: Duration, reason: String) {
        self.length = length
        self.worked = worked
        self.reason = reason
    }
}

/// Measures the turns of a loop and remembers what the longest one was spent on.
///
/// One reading of a clock that needs no system call per handler: measuring may not cost what it measures. The clock stands still while
/// the machine is suspended; time in which another process had the CPU counts, because the service could not act in it either. How much
/// that was is read once per turn.
struct TurnMeter {
    private(set) var turns = 0
    /// Turns above the limit.
    private(set) var longTurns = 0
    private(set) var longest: Turn?
    /// A turn above this is passed to `onLong`.
    var limit = Duration.milliseconds(50)
    var onLong: ((Turn) -> Void)?

    private var begunAt = Duration.zero
    private var workedBefore = Duration.zero
    private var partBegunAt = Duration.zero
    private var longestPart = (length: Duration.zero, reason: "")

    /// The wait is over, or, where it is no wake-up, the loop begins to run.
    mutating func begin(isWakeUp: Bool) {
        if isWakeUp { turns += 1 }
        workedBefore = Self.clock(CLOCK_THREAD_CPUTIME_ID)
        begunAt = Self.clock(CLOCK_MONOTONIC)
        partBegunAt = begunAt
        longestPart = (.zero, "nothing")
    }

    /// Something that was done for `reason` has returned.
    mutating func count(_ reason: String) {
        let now = Self.clock(CLOCK_MONOTONIC)
        let length = now - partBegunAt
        partBegunAt = now
        if length > longestPart.length { longestPart = (length, reason) }
    }

    /// The next wait begins.
    /// - Returns: The turn, if it was above the limit.
    mutating func end() -> Turn? {
        let length = partBegunAt - begunAt
        let isLongest = length > longest?.length ?? .zero
        // Seldom: the clock of the thread is asked again only where somebody wants to know.
        guard isLongest || length > limit else { return nil }
        if length > limit { longTurns += 1 }
        let worked = Self.clock(CLOCK_THREAD_CPUTIME_ID) - workedBefore
        let turn = Turn(length: length, worked: worked, reason: longestPart.reason)
        if isLongest { longest = turn }
        return length > limit ? turn : nil
    }

    /// Forgets the longest turn, so that the next one is that of a new span of time.
    mutating func forgetLongest() { longest = nil }

    private static func clock(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}
