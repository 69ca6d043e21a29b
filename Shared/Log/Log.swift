internal import Glibc
public import Primitives

/// The log of one process: one line per record on standard error. Never waits for its reader.
///
/// The journal's form is used unless standard error is a terminal, so that a redirected log keeps its levels. Lines that find neither
/// room nor a place in the rate are dropped and counted, and the count is told as soon as there is room: at the latest a second after the
/// first of them for the rate, with the first line that gets through for the room. Whoever runs a loop watches `descriptor` for room while
/// `onBacklog` says so, and calls `drain`; and calls it when `nextDeadline` has passed. `SIGPIPE` must be ignored, as every loop does.
public final class Log {
    /// How long dropped lines are counted before the count is told.
    public static let tellInterval = Duration.seconds(1)

    /// Records less urgent than this are not written.
    public var threshold: LogRecord.Level
    /// Called with true when lines begin to wait for room, and with false when none waits any more.
    public var onBacklog: ((Bool) -> Void)?
    /// Lines that were dropped since the start.
    public private(set) var droppedLines = 0

    private let format: LineFormat
    private let sink: LogSink
    private var filter = RepeatFilter()
    private var budget = LogBudget()
    private var backlog = LogBacklog()
    /// Dropped and not told yet.
    private var untold: Untold?
    /// Whether the last write failed. Then there is no use in waking up for the next one: a line that comes tries again.
    private var isReaderGone = false

    private struct Untold {
        var lines: Int
        var urgent: Int
        let since: Duration
    }

    /// - Parameters:
    ///   - threshold: the least urgent level that is written.
    ///   - descriptor: where lines go, borrowed; standard error by default.
    public init(threshold: LogRecord.Level = .notice, descriptor: Int32 = 2) {
        self.threshold = threshold
        sink = LogSink(borrowed: descriptor)
        format = isatty(descriptor) == 1 ? .terminal : .journal
    }

    deinit { flush() }

    /// What becomes writable when there is room for lines that wait.
    public var descriptor: Int32 { sink.descriptor }

    /// When `drain` has a count to tell that no waiting line will bring along.
    public var nextDeadline: Duration? {
        guard backlog.isEmpty, !isReaderGone, let untold else { return nil }
        return untold.since + Self.tellInterval
    }

    /// Writes `record`, or counts it when it only repeats the one before or is one too many.
    public func write(_ record: LogRecord) {
        guard record.level <= threshold else { return }
        let uptime = Self.uptime
        if !backlog.isEmpty { drain() }
        if backlog.isEmpty, let untold, untold.since + Self.tellInterval <= uptime { tell() }
        for record in filter.pass(record, at: uptime) {
            if budget.admits(record.level, at: uptime) {
                put(record)
            } else {
                drop(1, urgent: record.level.isUrgent ? 1 : 0)
            }
        }
    }

    /// Writes lines that wait, as far as there is room, and then the count of those that were dropped.
    public func drain() {
        let waited = !backlog.isEmpty
        while let next = backlog.next {
            switch sink.write(next) {
            case .written(let count): backlog.advance(by: count)
            case .full: return
            case .failed:
                isReaderGone = true
                let given = backlog.discard()
                drop(given.lines, urgent: given.urgent)
            }
        }
        if waited { onBacklog?(false) }
        if waited || nextDeadline.map({ $0 <= Self.uptime }) == true { tell() }
    }

    /// Writes what is owed, before the process ends or replaces itself: repetitions, lines that wait, the count of those dropped.
    /// - Parameter limit: How long a reader who is behind may take.
    public func flush(within limit: Duration = .zero) {
        if let summary = filter.flush() { put(summary) }
        let end = Self.uptime + limit
        drain()
        while !backlog.isEmpty {
            let left = end - Self.uptime
            guard left > .zero, sink.hasRoom(within: Int32(clamping: left.wholeMilliseconds + 1)) else { return }
            drain()
        }
        tell()
    }

    private func put(_ record: LogRecord) {
        let line = format.line(record, at: Self.utc)
        let isUrgent = record.level.isUrgent
        guard backlog.isEmpty else {
            if !backlog.append(line, isUrgent: isUrgent) { drop(1, urgent: isUrgent ? 1 : 0) }
            return
        }
        let outcome = sink.write(line[...])
        isReaderGone = outcome == .failed
        switch outcome {
        case .written(line.count): return
        case .failed: return drop(1, urgent: isUrgent ? 1 : 0)
        // An empty backlog has room for any line.
        case .written(let count): _ = backlog.append(line, written: count, isUrgent: isUrgent)
        case .full: _ = backlog.append(line, isUrgent: isUrgent)
        }
        onBacklog?(true)
    }

    private func drop(_ lines: Int, urgent: Int) {
        droppedLines += lines
        var counted = untold ?? Untold(lines: 0, urgent: 0, since: Self.uptime)
        counted.lines += lines
        counted.urgent += urgent
        untold = counted
    }

    /// Says how many lines were dropped. Outside the rate, which its own interval keeps.
    private func tell() {
        guard let counted = untold else { return }
        untold = nil
        let level: LogRecord.Level = counted.urgent > 0 ? .error : .warning
        guard level <= threshold else { return }
        put(
            LogRecord(
                level,
                "log lines were dropped",
                .init("lines", counted.lines),
                .init("errors", counted.urgent)
            )
        )
        // The line about them was lost as well: they are still owed, and that line is not one of theirs.
        if isReaderGone {
            droppedLines -= 1
            untold = counted
        }
    }

    private static var uptime: Duration {
        let time = now(CLOCK_BOOTTIME)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private static var utc: Timestamp {
        let time = now(CLOCK_REALTIME)
        return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    private static func now(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}

extension LogRecord.Level {
    /// Faults and errors find room when nothing else does.
    var isUrgent: Bool { self <= .error }
}
