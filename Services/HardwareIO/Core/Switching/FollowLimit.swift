import Primitives

/// Until when a device has to follow its order.
///
/// A process that had no time finds this limit and what the device said meanwhile together when it wakes up. It hears the device before
/// it judges it, once: one that is late each time must still find a device that does not follow.
struct FollowLimit: Equatable {
    /// A later wake-up is late.
    private static let punctualWithin = Duration.milliseconds(100)
    /// What waits is heard in so long.
    private static let hearing = Duration.milliseconds(200)

    private(set) var at: Duration
    private var wasLate = false

    init(_ at: Duration) { self.at = at }

    /// Whether the device had its time, and was heard.
    mutating func isOver(at uptime: Duration) -> Bool {
        guard at <= uptime else { return false }
        guard !wasLate, uptime - at > Self.punctualWithin else { return true }
        wasLate = true
        at = uptime + Self.hearing
        return false
    }
}
