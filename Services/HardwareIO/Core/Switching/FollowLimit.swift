import Primitives

/// Until when a device has to follow its order.
///
/// A process that had no time finds this limit and what the device said meanwhile together when it wakes up. It hears the device before
/// it judges it, once: one that is late each time must still find a device that does not follow.
public struct FollowLimit: Equatable, Sendable {
    /// A later wake-up is late.
    private static let punctualWithin = Duration.milliseconds(100)
    /// What waits is heard in so long.
    public static let hearing = Duration.milliseconds(200)

    /// Uptime.
    public private(set) var at: Duration
    private var wasLate = false
    private let hearing: Duration

    /// - Parameters:
    ///   - at: Uptime.
    ///   - hearing: How long a late process hears the device before it judges it: longer where the device has to do more than was waiting to
    ///     be told.
    public init(_ at: Duration, hearing: Duration = Self.hearing) {
        self.at = at
        self.hearing = hearing
    }

    /// Whether the device had its time, and was heard.
    public mutating func isOver(at uptime: Duration) -> Bool {
        guard at <= uptime else { return false }
        guard !wasLate, uptime - at > Self.punctualWithin else { return true }
        wasLate = true
        at = uptime + hearing
        return false
    }
}
