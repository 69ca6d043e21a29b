internal import EventLoop
internal import Glibc
internal import Log
internal import Primitives
internal import Storage

/// How long a start waits for a device that cannot read: what is taken for lost then is missing until somebody looks, while a service that
/// starts some seconds later harms nobody.
struct StartPatience {
    private static let pauseMicroseconds: UInt32 = 100_000

    /// For everything that is read at the start together.
    private let limit: Duration
    private var end: Duration?
    /// What was told of already.
    private var told: Set<StorageError> = []

    init(limit: Duration = .seconds(10)) { self.limit = limit }

    /// Waits a moment. SIGTERM ends it with the process.
    /// - Returns: Whether to try again.
    mutating func wait(for error: StorageError, _ log: (LogRecord) -> Void) -> Bool {
        let now = EventLoop.uptime()
        let end = end ?? now + limit
        self.end = end
        let isOver = now >= end
        if told.insert(error).inserted {
            let course = isOver ? "it cannot be read now" : "it is tried again for some seconds"
            log(LogRecord(.warning, "the device fails at the start", .init("reason", error), .init("course", course)))
        }
        guard !isOver else { return false }
        usleep(Self.pauseMicroseconds)
        return true
    }
}
