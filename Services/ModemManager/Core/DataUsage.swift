internal import Primitives

/// How much data one uplink carried in its month, by the counters of its interface, which begin at zero with each interface.
public struct DataUsage: Codable, Equatable, Sendable {
    /// The month that it counts for: twelve times the year and the month; nil before the first time that can be true.
    public private(set) var month: Int?
    public private(set) var bytes: Int64 = 0
    /// The month of a clock that is behind `month`; nil while none is.
    private var earlier: Int?
    /// A month that would be the next one; nil while the clock says none.
    private var next: Next?
    /// Of the interface, at the last reading.
    private var counter: Int64?

    private struct Next: Codable, Equatable, Sendable {
        var month: Int
        /// Since it began.
        var bytes: Int64
        /// Uptime, whole seconds, from which on time is to be added to `seconds`; of an earlier boot where it is later than now.
        var since: Int64
        /// How long the clock has said so before that, in this boot and in earlier ones; nil for not at all.
        var seconds: Int64?
    }

    /// How long a clock must say that a month is over, in all boots together: one that is ahead for a moment would lose what was counted.
    static let confirmation = Duration.seconds(3600)

    public init() {}

    /// Takes a reading of the counter: received and sent together, as the interface counts, nil when there is no interface. A month begins on
    /// `billingDay`, 1…28.
    mutating func take(counter new: Int64?, billingDay: Int, at moment: Moment) {
        if let now = Self.month(of: moment.utc, billingDay: billingDay) { begin(now, at: moment.uptime) }
        guard let new else {
            counter = nil
            return
        }
        let carried = counter.map { new >= $0 ? new - $0 : new } ?? 0
        bytes = bytes.addingClamped(max(carried, 0))
        if let sum = next?.bytes { next?.bytes = sum.addingClamped(max(carried, 0)) }
        counter = max(new, 0)
    }

    /// A clock that went back, or was never set, ends no month: it may be right again in a moment. One that stays behind and comes from one month to the
    /// next is the right one: the month that is counted was that of a clock which was ahead. One that goes ahead ends the month when it has stayed there.
    private mutating func begin(_ now: Int, at uptime: Duration) {
        let counted = month ?? now
        month = counted
        guard now <= counted else { return confirm(now, at: uptime.wholeSeconds) }
        next = nil
        guard now < counted else {
            earlier = nil
            return
        }
        guard let earlier, now > earlier else {
            self.earlier = now
            return
        }
        (month, bytes, self.earlier) = (now, 0, nil)
    }

    private mutating func confirm(_ now: Int, at uptime: Int64) {
        earlier = nil
        var begun = next.flatMap { $0.month == now ? $0 : nil } ?? Next(month: now, bytes: 0, since: uptime)
        let told = (begun.seconds ?? 0).addingClamped(max(uptime.subtractingClamped(begun.since), 0))
        (begun.since, begun.seconds) = (uptime, told)
        guard told >= Self.confirmation.wholeSeconds else {
            next = begun
            return
        }
        (month, bytes, next) = (now, begun.bytes, nil)
    }

    private static func month(of time: Timestamp, billingDay: Int) -> Int? {
        guard time.isPlausible, time.millisecondsSinceEpoch > 1_577_836_800_000 else { return nil }
        let parts = time.day.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3 else { return nil }
        let months = parts[0] * 12 + parts[1] - 1
        return parts[2] >= billingDay ? months : months - 1
    }
}

/// How much data an uplink may carry in a month.
public struct DataBudget: Equatable, Sendable {
    public var monthlyBytes: Int64
    /// 1…28.
    public var billingDay: Int

    public init(monthlyBytes: Int64, billingDay: Int = 1) {
        self.monthlyBytes = max(monthlyBytes, 1)
        self.billingDay = billingDay.clamped(to: 1...28)
    }

    /// What is published goes in steps of so many bytes: a hundredth of the budget, since a state that changes with every byte is none.
    var grain: Int64 { max(monthlyBytes / 100, 1) }

    /// 0, 80 or 100: the highest mark that `bytes` reaches, percent.
    func mark(_ bytes: Int64) -> Int {
        if bytes >= monthlyBytes { return 100 }
        return bytes >= monthlyBytes - monthlyBytes / 5 ? 80 : 0
    }
}
