internal import Glibc
public import Primitives

/// The log of one process: one line per record on standard error.
///
/// The journal's form is used unless standard error is a terminal, so that a redirected log keeps its levels.
public final class Log {
    /// Records less urgent than this are not written.
    public var threshold: LogRecord.Level

    private let format: LineFormat
    private let descriptor: Int32
    private var filter = RepeatFilter()

    /// - Parameters:
    ///   - threshold: the least urgent level that is written.
    ///   - descriptor: where lines go, borrowed; standard error by default.
    public init(threshold: LogRecord.Level = .notice, descriptor: Int32 = 2) {
        self.threshold = threshold
        self.descriptor = descriptor
        format = isatty(descriptor) == 1 ? .terminal : .journal
    }

    deinit { flush() }

    /// Writes `record`, or counts it when it only repeats the one before.
    public func write(_ record: LogRecord) {
        guard record.level <= threshold else { return }
        for record in filter.pass(record, at: Self.uptime) { put(record) }
    }

    /// Writes the count of repetitions that are still owed, before the process ends or replaces itself.
    public func flush() {
        if let summary = filter.flush() { put(summary) }
    }

    /// One `write(2)`. A line that a full pipe or disk refuses is lost on purpose: logging must never block or stop a service.
    private func put(_ record: LogRecord) {
        let line = format.line(record, at: Self.utc)
        while Glibc.write(descriptor, line, line.count) < 0, errno == EINTR {}
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
