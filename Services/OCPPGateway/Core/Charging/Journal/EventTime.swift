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
    /// UTC milliseconds since 1970: whatever is learned of the boot, it was not before. Stored only when `utc` is nil.
    public var earliestUTC: Int64?

    public init(utc: Int64?, boot: String?, uptime: Int64) {
        self.utc = utc
        self.boot = boot
        self.uptime = uptime
    }
}
