import Primitives

/// What was complained of lately, so that what goes on for days is said once an hour.
struct HourlyComplaints: Equatable, Sendable {
    private static let pause = Duration.seconds(3600)
    /// Somebody who finds ever new words is not listened to any more.
    private static let limit = 16

    /// When each was said last, on uptime.
    private var said: [String: Duration] = [:]

    /// Whether that is to be said now; then it counts as said.
    mutating func isNews(_ words: String, at uptime: Duration) -> Bool {
        said = said.filter { uptime - $0.value < Self.pause }
        guard said[words] == nil, said.count < Self.limit else { return false }
        said[words] = uptime
        return true
    }
}
