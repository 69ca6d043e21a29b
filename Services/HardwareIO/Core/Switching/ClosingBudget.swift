import Primitives

/// How often a contactor may close: its coil and contacts wear, and an inrush heats both.
///
/// A process that dies again and again must not begin with a full budget each time. Its closings are not stored, which would wear the
/// flash instead; only whether it closed at all: each run that does, and has not lasted an hour, halves what the next one begins with,
/// down to one closing in the time that the budget needs for it. Within any hour it cannot close more often than three budgets allow,
/// however often it dies.
struct ClosingBudget {
    /// More of them change nothing.
    static let mostStarts = 16
    private static let hour = Duration.seconds(3600)

    private let rest: Duration
    private let closingsPerHour: Int
    private let startedAt: Duration
    /// When it closed last, or the start.
    private var closedAt: Duration
    /// Runs before this one that closed and did not last an hour.
    private let startsBefore: Int
    private var count = Count.idle
    /// Closings of the last hour, oldest first.
    private var closings: [Duration] = []
    /// Nothing closes before; nil when nothing is waited for.
    private var waitsUntil: Duration?

    /// Whether this run is among those that closed.
    private enum Count: Equatable {
        case idle
        /// To be stored before the first closing. Next: counted.
        case wanted
        case counted
        /// It lasted an hour: nothing is counted any more.
        case over
    }

    /// `rest` is the least time between two closings. A start counts as a closing, so that a process that dies again and again does not
    /// make the contactor chatter. `recentStarts` is what was stored.
    init(rest: Duration, closingsPerHour: Int, recentStarts: Int, at start: Duration) {
        precondition(closingsPerHour > 0, "A contactor that may never close is no contactor.")
        self.rest = rest
        self.closingsPerHour = closingsPerHour
        startedAt = start
        closedAt = start
        startsBefore = recentStarts
        let spent = closingsPerHour - (closingsPerHour >> recentStarts)
        closings = (0..<spent).map { start - Self.hour + Self.hour * ($0 + 1) / closingsPerHour }
        waitsUntil = start + rest
        waitWhileSpent()
    }

    /// What is to be stored: how many runs in a row closed and did not last an hour, this one included once it wants to close.
    var recentStarts: Int {
        switch count {
        case .idle: startsBefore
        case .wanted, .counted: min(startsBefore + 1, Self.mostStarts)
        case .over: 0
        }
    }

    /// Whether the next closing is counted already, on disk. Where that cannot be, it may close as often as an empty budget refills.
    /// Otherwise its count is wanted from now on.
    mutating func isCounted(at uptime: Duration) -> Bool {
        switch count {
        case .counted, .over: return true
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
        return isSpent(at: uptime)
            ? "the contactor closed \(closingsPerHour) times within an hour and rests"
            : "the contactor rests a few seconds between two closings"
    }

    /// When it may close again; nil when that is over.
    var deadline: Duration? {
        let others =
            switch count {
            case .idle: startsBefore > 0 ? startedAt + Self.hour : nil
            case .wanted: min(refilledAt, startedAt + Self.hour)
            case .counted: startedAt + Self.hour
            case .over: Duration?.none
            }
        guard let waitsUntil, let others else { return waitsUntil ?? others }
        return min(waitsUntil, others)
    }

    mutating func deadlineReached(at uptime: Duration) {
        if uptime - startedAt >= Self.hour { count = .over }
        if let waitsUntil, waitsUntil <= uptime { self.waitsUntil = nil }
    }

    mutating func closed(at uptime: Duration) {
        closings.removeAll { uptime - $0 >= Self.hour }
        closings.append(uptime)
        closedAt = uptime
        waitsUntil = uptime + rest
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
