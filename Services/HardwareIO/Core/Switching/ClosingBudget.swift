import Primitives

/// How often a contactor may close: its coil and contacts wear, and an inrush heats both.
///
/// A process that dies again and again must not begin with a full budget each time. Its closings are not stored, which would wear the
/// flash instead; only whether it closed at all: each run that does, and has not lasted an hour, halves what the next one begins with,
/// down to one closing in the time that the budget needs for it. Within any hour it cannot close more often than three budgets allow,
/// however often it dies. A run that was asked to end is none of these: it stores how often it closed instead, and the next one goes on from
/// there.
struct ClosingBudget {
    /// More of them change nothing.
    static let mostStarts = 16
    static let mostClosings = 3600
    private static let hour = Duration.seconds(3600)

    private let rest: Duration
    private let closingsPerHour: Int
    private let startedAt: Duration
    /// When it closed last, or the start.
    private var closedAt: Duration
    /// Runs before this one that closed and did not last an hour.
    private var startsBefore: Int
    /// Closings of the last hour that runs before this one told when they were asked to end.
    private let closingsBefore: Int
    private var count = Count.idle
    /// Closings of the last hour, oldest first.
    private var closings: [Duration] = []
    /// Nothing closes before; nil when nothing is waited for.
    private var waitsUntil: Duration?
    /// When that wait began.
    private var waitsSince: Duration

    /// Whether this run is among those that closed.
    private enum Count: Equatable {
        case idle
        /// To be stored before the first closing. Next: counted.
        case wanted
        case counted
        /// It lasted an hour: nothing is counted any more.
        case over
        /// The process was asked to end. Next: none.
        case ended
    }

    /// `rest` is the least time between two closings. A start counts as a closing, so that a process that dies again and again does not
    /// make the contactor chatter. `recentStarts` and `recentClosings` are what was stored.
    init(rest: Duration, closingsPerHour: Int, recentStarts: Int, recentClosings: Int, at start: Duration) {
        precondition(closingsPerHour > 0, "A contactor that may never close is no contactor.")
        self.rest = rest
        self.closingsPerHour = closingsPerHour
        startedAt = start
        closedAt = start
        waitsSince = start
        startsBefore = recentStarts
        closingsBefore = min(recentClosings, closingsPerHour)
        let spent = max(closingsPerHour - (closingsPerHour >> recentStarts), closingsBefore)
        closings = (0..<spent).map { start - Self.hour + Self.hour * ($0 + 1) / closingsPerHour }
        waitsUntil = start + rest
        waitWhileSpent()
    }

    /// What is to be stored: how many runs in a row closed and did not last an hour, this one included once it wants to close.
    var recentStarts: Int {
        switch count {
        case .idle, .ended: startsBefore
        case .wanted, .counted: min(startsBefore + 1, Self.mostStarts)
        case .over: 0
        }
    }

    /// What is to be stored once the process was asked to end: closings of the last hour, as far as they are known.
    var recentClosings: Int { count == .ended ? closings.count : 0 }

    /// The process was asked to end, and does so once the contactor is open.
    mutating func end(at uptime: Duration) {
        closings.removeAll { uptime - $0 >= Self.hour }
        if count == .over { startsBefore = 0 }
        count = .ended
    }

    /// Whether the next closing is counted already, on disk. Where that cannot be, it may close as often as an empty budget refills.
    /// Otherwise its count is wanted from now on.
    mutating func isCounted(at uptime: Duration) -> Bool {
        switch count {
        case .counted, .over, .ended: return true
        case .idle, .wanted:
            count = .wanted
            return uptime >= refilledAt
        }
    }

    /// So much is on disk.
    mutating func stored(recentStarts: Int) {
        if count == .wanted, recentStarts == self.recentStarts { count = .counted }
    }

    /// When an empty budget would have one closing again.
    private var refilledAt: Duration { closedAt + Self.hour / closingsPerHour }

    /// Why it must not close now, for people; nil when it may.
    func objection(at uptime: Duration) -> String? {
        if count == .wanted, uptime < refilledAt { return "the contactor rests until its closing is counted on disk" }
        guard let waitsUntil, uptime < waitsUntil else { return nil }
        guard isSpent(at: uptime) else { return "the contactor rests a few seconds between two closings" }
        // The whole wait: what is left of it would be another sentence each second.
        let wait = "rests for \(Self.words(waitsUntil - waitsSince))"
        let isWorn = closingsBefore + closings.count(where: { $0 > startedAt }) >= closingsPerHour
        return isWorn
            ? "the contactor closed \(closingsPerHour) times within an hour and \(wait)"
            : "hardware-io died \(startsBefore) times soon after a closing, so that the contactor \(wait)"
    }

    private static func words(_ duration: Duration) -> String {
        let seconds = (duration.wholeMilliseconds + 999) / 1000
        return seconds <= 120 ? "\(seconds) s" : "\((seconds + 59) / 60) min"
    }

    /// When it may close again; nil when that is over.
    var deadline: Duration? {
        let others =
            switch count {
            case .idle: startsBefore > 0 ? startedAt + Self.hour : nil
            case .wanted: min(refilledAt, startedAt + Self.hour)
            case .counted: startedAt + Self.hour
            case .over, .ended: Duration?.none
            }
        guard let waitsUntil, let others else { return waitsUntil ?? others }
        return min(waitsUntil, others)
    }

    mutating func deadlineReached(at uptime: Duration) {
        if uptime - startedAt >= Self.hour, count != .ended { count = .over }
        if let waitsUntil, waitsUntil <= uptime { self.waitsUntil = nil }
    }

    mutating func closed(at uptime: Duration) {
        closings.removeAll { uptime - $0 >= Self.hour }
        closings.append(uptime)
        closedAt = uptime
        waitsUntil = uptime + rest
        waitsSince = uptime
        waitWhileSpent()
    }

    private mutating func waitWhileSpent() {
        guard closings.count >= closingsPerHour, let oldest = closings.first else { return }
        waitsUntil = max(waitsUntil ?? oldest, oldest + Self.hour)
    }

    /// Rests as if it had closed now, without counting it.
    mutating func restAgain(at uptime: Duration) { waitsUntil = max(uptime + rest, waitsUntil ?? .zero) }

    private func isSpent(at uptime: Duration) -> Bool {
        closings.count { uptime - $0 < Self.hour } >= closingsPerHour
    }
}
