/// When something happened, as it is stored: a wall-clock time if the clock was trusted then, and always the uptime.
///
/// An event before the first synchronisation gets its wall-clock time later, from the boot it happened in.
public struct EventTime: Codable, Equatable, Sendable {
    /// UTC milliseconds since 1970; nil when the clock was not trusted.
    public var utc: Int64?
    /// Kernel boot id; stored only when `utc` is nil, because only then it is needed.
    public var boot: String?
    /// Uptime of the machine in milliseconds.
    public var uptime: Int64

    public init(utc: Int64?, boot: String?, uptime: Int64) {
        self.utc = utc
        self.boot = boot
        self.uptime = uptime
    }

    /// Differences that come from events being noted a while after they happened; more is a correction of the clock.
    static let reordering: Int64 = 60_000

    /// This time, or `earlier` where this one is slightly before it: what is said of one transaction is in chronological order, although the
    /// values of a grid carry the time of the grid, and a clock is corrected by some seconds.
    func notBefore(_ earlier: EventTime?, within limit: Int64 = reordering) -> EventTime {
        guard let earlier else { return self }
        let difference: Int64
        if let utc, let before = earlier.utc {
            difference = before - utc
        } else if utc == nil, earlier.utc == nil, boot == earlier.boot {
            difference = earlier.uptime - uptime
        } else {
            return self
        }
        return (1...limit).contains(difference) ? earlier : self
    }
}
