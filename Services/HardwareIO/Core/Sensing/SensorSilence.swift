import Primitives

/// Whether a sensor that says whether an EV may draw was read in time: within 3 s while the contactor is ordered closed, within 30 s else.
///
/// A process that had no time finds this limit and the readings that wait together when it wakes up. It hears them before it judges, once: what
/// is late each time must still be found silent.
struct SensorSilence {
    /// Longest silence while the contactor is ordered closed.
    static let limitClosed = Duration.seconds(3)
    /// Longest silence else, and after a start.
    static let limitIdle = Duration.seconds(30)
    /// A later wake-up is late.
    static let punctualWithin = Duration.milliseconds(10)
    /// A sensor that is there is read again in so long.
    static let hearing = Duration.milliseconds(500)

    /// When it was read last, or the start.
    private(set) var readAt: Duration
    private(set) var isSilent = false
    /// Until when it is heard after a sleep; nil while there was none since it was read.
    private var heardUntil: Duration?

    init(at start: Duration) { readAt = start }

    /// When it has to be judged; nil once it counts as silent.
    func deadline(contactorIsClosed: Bool, since closedAt: Duration) -> Duration? {
        guard !isSilent else { return nil }
        let idle = readAt + Self.limitIdle
        // Before it was closed, the longer limit held.
        let limit = contactorIsClosed ? min(max(readAt, closedAt) + Self.limitClosed, idle) : idle
        return max(limit, heardUntil ?? limit)
    }

    /// Its deadline is `due`.
    /// - Returns: Whether it counts as silent from now on.
    mutating func judge(due: Duration, at uptime: Duration) -> Bool {
        guard due <= uptime else { return false }
        guard heardUntil != nil || uptime - due <= Self.punctualWithin else {
            heardUntil = uptime + Self.hearing
            return false
        }
        isSilent = true
        return true
    }

    mutating func read(at uptime: Duration) {
        readAt = uptime
        heardUntil = nil
    }

    /// Two readings agree.
    mutating func end() { isSilent = false }
}
