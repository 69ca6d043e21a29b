internal import EventLoop
internal import Primitives

/// Which long turns are told, and in which words. Pure.
///
/// A busy machine has many of them, each a little different, and a line for each would push everything else out of the log: what follows
/// within `window` is only counted, unless it is twice as bad as what was told.
struct LongTurnReport {
    static let window = Duration.seconds(60)
    /// A shorter wait for the CPU happens on every busy machine, and is nobody's trouble.
    static let longWait = Duration.milliseconds(500)

    /// A turn is long because of its own work, or because it stood still.
    private var work = Told()
    private var wait = Told()

    private struct Told {
        var longest = Duration.zero
        var until = Duration.zero
        var untold = 0

        /// How many were not told before this one; nil when it is not told either.
        mutating func tell(_ length: Duration, at uptime: Duration) -> Int? {
            guard uptime >= until || length >= longest * 2 else {
                untold += 1
                return nil
            }
            defer { untold = 0 }
            longest = length
            until = uptime + LongTurnReport.window
            return untold
        }
    }

    /// - Parameters:
    ///   - turn: A long one.
    ///   - limit: What it took longer than.
    ///   - uptime: When it ended.
    /// - Returns: The line about it, if it is to be told.
    mutating func record(_ turn: Turn, limit: Duration, at uptime: Duration) -> LogRecord? {
        let isWork = turn.worked > limit
        guard let untold = isWork ? work.tell(turn.length, at: uptime) : wait.tell(turn.length, at: uptime) else {
            return nil
        }
        var record = LogRecord(
            isWork || turn.length >= Self.longWait ? .warning : .notice,
            isWork ? "the loop was blocked by its own work" : "the loop stood still, without CPU or behind the kernel",
            .init("milliseconds", turn.length.wholeMilliseconds),
            .init("worked", turn.worked.wholeMilliseconds),
            .init(isWork ? "by" : "during", turn.reason)
        )
        if untold > 0 { record.fields.append(.init("repeated", untold)) }
        return record
    }
}
