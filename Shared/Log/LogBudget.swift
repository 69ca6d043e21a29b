internal import Primitives

/// How many lines a process may log: a token bucket per group of levels, so that a flood of one kind cannot hide another. Pure.
struct LogBudget {
    /// Lines of one group of levels.
    struct Rate {
        /// So many at once.
        let burst: Double
        /// So many in the long run.
        let perSecond: Double
    }

    /// Levels that share a bucket.
    enum Group: Int, CaseIterable {
        /// Faults and errors.
        case urgent
        /// Warnings and notices.
        case normal
        /// What somebody switched on to look at: info and debug.
        case detailed

        init(_ level: LogRecord.Level) {
            switch level {
            case .fault, .error: self = .urgent
            case .warning, .notice: self = .normal
            case .info, .debug: self = .detailed
            }
        }

        var rate: Rate {
            switch self {
            case .urgent: Rate(burst: 200, perSecond: 20)
            case .normal: Rate(burst: 500, perSecond: 50)
            case .detailed: Rate(burst: 2000, perSecond: 500)
            }
        }
    }

    private var tokens = Group.allCases.map(\.rate.burst)
    private var countedAt = Duration.zero

    /// Takes a token for one line of `level`.
    /// - Returns: Whether there was one.
    mutating func admits(_ level: LogRecord.Level, at uptime: Duration) -> Bool {
        refill(at: uptime)
        let group = Group(level).rawValue
        guard tokens[group] >= 1 else { return false }
        tokens[group] -= 1
        return true
    }

    private mutating func refill(at uptime: Duration) {
        let seconds = max(uptime - countedAt, .zero) / .seconds(1)
        countedAt = uptime
        for group in Group.allCases {
            tokens[group.rawValue] = min(group.rate.burst, tokens[group.rawValue] + seconds * group.rate.perSecond)
        }
    }
}
