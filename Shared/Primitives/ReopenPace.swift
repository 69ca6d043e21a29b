/// When something that is gone (a line, a device) is opened again, and which of its failures are worth a line in the log.
public struct ReopenPace: Equatable, Sendable {
    public static let firstPause = Duration.milliseconds(500)
    public static let longestPause = Duration.seconds(30)
    /// A line that was open for so long has worked, even if its device never said anything.
    public static let provenAfter = Duration.seconds(30)
    public static let logInterval = Duration.seconds(60)

    private var failures = 0
    private var openedAt: Duration?
    private var hasWorked = false
    private var lastLogged: Duration?
    private var isFailureTold = false
    /// Failures since the last one that was logged.
    private var untold = 0

    /// What follows from a failure.
    public struct Failure: Equatable, Sendable {
        /// How long to wait before the next attempt.
        public var pause: Duration
        /// How many failures before this one nobody was told of; nil when this one is not to be logged either.
        public var untoldBefore: Int?
    }

    public init() {}

    /// The line does not open, or was lost.
    public mutating func failed(at uptime: Duration) -> Failure {
        if hasWorked || openedAt.map({ $0 + Self.provenAfter <= uptime }) == true { failures = 0 }
        openedAt = nil
        hasWorked = false
        // Six doublings pass the longest pause; more would overflow one day.
        let pause = min(Self.firstPause * (1 << min(failures, 6)), Self.longestPause)
        failures += failures < 6 ? 1 : 0
        guard lastLogged.map({ $0 + Self.logInterval <= uptime }) ?? true else {
            untold += 1
            return Failure(pause: pause, untoldBefore: nil)
        }
        defer { untold = 0 }
        lastLogged = uptime
        isFailureTold = true
        return Failure(pause: pause, untoldBefore: untold)
    }

    /// The line is open.
    /// - Returns: Whether that is to be logged, because its absence was.
    public mutating func opened(at uptime: Duration) -> Bool {
        openedAt = uptime
        defer { isFailureTold = false }
        return isFailureTold
    }

    /// The device has said something: the next failure is the first of its kind.
    public mutating func worked() { hasWorked = true }
}
