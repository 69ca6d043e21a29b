internal import Primitives

/// Lines of one kind that others can provoke: so many of them are said within a while, and how many were not.
struct PacedLines {
    private static let most = 10
    private static let interval = Duration.seconds(60)

    private var endsAt = Duration.zero
    private var said = 0
    private var unsaid = 0

    /// Whether one is to be said now.
    /// - Returns: How many were not said before it; nil when it is not to be said.
    mutating func sayable(at uptime: Duration) -> Int? {
        if uptime >= endsAt {
            endsAt = uptime + Self.interval
            said = 0
        }
        guard said < Self.most else {
            unsaid += 1
            return nil
        }
        said += 1
        defer { unsaid = 0 }
        return unsaid
    }
}
