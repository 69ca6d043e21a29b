public import Primitives

/// Counts identical records that follow each other instead of passing each of them on. Pure.
public struct RepeatFilter: Sendable {
    /// How long identical records are only counted. After that one passes again, so that a lasting fault stays visible.
    public static let window = Duration.seconds(60)

    private var last: LogRecord?
    private var passedAt = Duration.zero
    private var suppressed = 0

    public init() {}

    /// What to write for `record`: nothing while it only repeats the one before; else the count of repetitions, if any, and it.
    public mutating func pass(_ record: LogRecord, at uptime: Duration) -> [LogRecord] {
        if record == last, uptime - passedAt < Self.window {
            suppressed += 1
            return []
        }
        let summary = flush()
        last = record
        passedAt = uptime
        return (summary.map { [$0] } ?? []) + [record]
    }

    /// The last record with the number of its repetitions that were not written; nil when there were none.
    public mutating func flush() -> LogRecord? {
        guard var summary = last, suppressed > 0 else { return nil }
        summary.fields.append(LogRecord.Field("repeated", suppressed))
        suppressed = 0
        return summary
    }
}
