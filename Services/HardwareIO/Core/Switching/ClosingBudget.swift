import Primitives

/// How often a contactor may close: its coil and contacts wear, and an inrush heats both.
struct ClosingBudget {
    private static let hour = Duration.seconds(3600)

    private let rest: Duration
    private let closingsPerHour: Int
    /// Closings of the last hour, oldest first.
    private var closings: [Duration] = []
    /// Nothing closes before; nil when nothing is waited for.
    private var waitsUntil: Duration?

    /// `rest` is the least time between two closings. A start counts as a closing, so that a process that dies again and again does not
    /// make the contactor chatter.
    init(rest: Duration, closingsPerHour: Int, at start: Duration) {
        precondition(closingsPerHour > 0, "A contactor that may never close is no contactor.")
        self.rest = rest
        self.closingsPerHour = closingsPerHour
        waitsUntil = start + rest
    }

    /// Why it must not close now, for people; nil when it may.
    func objection(at uptime: Duration) -> String? {
        guard let waitsUntil, uptime < waitsUntil else { return nil }
        return isSpent(at: uptime)
            ? "the contactor closed \(closingsPerHour) times within an hour and rests"
            : "the contactor rests a few seconds between two closings"
    }

    /// When it may close again; nil when that is over.
    var deadline: Duration? { waitsUntil }

    mutating func deadlineReached(at uptime: Duration) {
        if let waitsUntil, waitsUntil <= uptime { self.waitsUntil = nil }
    }

    mutating func closed(at uptime: Duration) {
        closings.removeAll { uptime - $0 >= Self.hour }
        closings.append(uptime)
        waitsUntil = uptime + rest
        if closings.count >= closingsPerHour, let oldest = closings.first {
            waitsUntil = max(uptime + rest, oldest + Self.hour)
        }
    }

    /// Rests as if it had closed now, without counting it.
    mutating func restAgain(at uptime: Duration) { waitsUntil = max(uptime + rest, waitsUntil ?? .zero) }

    private func isSpent(at uptime: Duration) -> Bool {
        closings.count { uptime - $0 < Self.hour } >= closingsPerHour
    }
}
