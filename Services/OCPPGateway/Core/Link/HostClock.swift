public import Primitives

/// What the host knows of its own clock: whether timestamps mean something before the central system tells the time. The shell reads it at
/// the start, and looks from time to time whether somebody keeps the clock in step by now.
public struct HostClock: Equatable, Sendable {
    /// The kernel says that somebody keeps the clock in step (`adjtimex` without `STA_UNSYNC`): NTP, GNSS, or a person's tool.
    public var isSynchronised: Bool
    /// What the battery-backed clock of the board says; nil when there is none, or when it says itself that it has lost the time.
    public var realTimeClock: Timestamp?

    public init(isSynchronised: Bool, realTimeClock: Timestamp?) {
        self.isSynchronised = isSynchronised
        self.realTimeClock = realTimeClock
    }

    /// Whether the wall clock, which says `utc` now, is right as far as anybody knows: kept in step, or set from a battery-backed clock that
    /// was set itself. A late year alone proves nothing: a host without such a clock continues after a power cut where it stopped.
    public func isTrusted(at utc: Timestamp) -> Bool {
        guard utc.isPlausible else { return false }
        if isSynchronised { return true }
        guard let realTimeClock, realTimeClock >= Self.earliest else { return false }
        return utc.duration(since: realTimeClock).magnitude <= Self.mostApart
    }

    /// 2025-01-01T00:00:00Z, before the first charger of this kind: a battery-backed clock that says less was never set.
    public static let earliest = Timestamp(millisecondsSinceEpoch: 1_735_689_600_000)
    /// The two clocks of a host drift apart by some seconds a day; by more, one was not set from the other. What is trusted may be wrong by it.
    static let mostApart: Duration = .seconds(60)
}
