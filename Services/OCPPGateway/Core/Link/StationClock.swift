public import Primitives

/// What the central system's time says about ours (OCPP 1.6 §4.2, §4.6). The host's clock itself is not touched; whoever writes
/// timestamps adds the offset. Intervals never depend on it: they run on uptime.
public struct StationClock: Equatable, Sendable {
    /// Central system's time minus the host's, at the last answer that carried a usable one.
    public private(set) var offset: Duration?

    public init() {}

    /// Whether the host's clock was ever set by somebody, so that timestamps mean something before the central system answers.
    public static func isTrusted(_ utc: Timestamp) -> Bool { utc >= plausible }

    /// The central system told its time in an answer to a CALL that was sent at `sentUptime`. Returns the new offset, the
    /// network's delay taken out; nil when that time is not to be believed.
    public mutating func observe(_ time: Timestamp, sentUptime: Duration, at moment: Moment) -> Duration? {
        // A central system without a clock of its own must not spoil a good one.
        guard Self.isTrusted(time) else { return nil }
        let told = time.advanced(by: (moment.uptime - sentUptime) / 2).duration(since: moment.utc)
        offset = told
        return told
    }

    /// 2025-01-01T00:00:00Z. Before it no charger of this kind existed: such a clock was never set.
    public static let plausible = Timestamp(millisecondsSinceEpoch: 1_735_689_600_000)
}
