/// An instant as a service sees it, read once by the shell and handed to every machine. A machine never reads a clock.
public struct Moment: Hashable, Sendable {
    /// Time since boot, suspension included (`CLOCK_BOOTTIME`). Every interval, time-out and deadline uses it.
    public var uptime: Duration

    /// Wall clock. For timestamps that leave the charger only: it may step in either direction.
    public var utc: Timestamp

    public init(uptime: Duration, utc: Timestamp) {
        self.uptime = uptime
        self.utc = utc
    }

    /// The moment `duration` later, with both clocks running.
    public func advanced(by duration: Duration) -> Moment {
        Moment(uptime: uptime + duration, utc: utc.advanced(by: duration))
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero; the nearest that an `Int64` holds.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds.multipliedClamped(by: 1000).addingClamped(attoseconds / 1_000_000_000_000_000)
    }

    /// Whole seconds, rounded towards zero.
    public var wholeSeconds: Int64 { components.seconds }
}
