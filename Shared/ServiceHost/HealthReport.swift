internal import Bus
internal import BusSchema
internal import EventLoop
internal import Log
internal import Primitives

/// Publishes how the service bears its load: at the start, and whenever there is news, at most every `interval`. That something was written
/// to flash is news every `flashInterval` only, because an ordinary day is full of it.
final class HealthReport {
    /// Least time between two publications.
    static let interval = Duration.seconds(10)
    static let flashInterval = Duration.seconds(60)

    private let loop: EventLoop
    private let log: Log
    private let bus: BusEndpoint
    private let flash: () -> (bytes: Int, syncs: Int)?
    private var published: ServiceHealth
    private var publishedAt: Duration
    /// Worked out once, because it is asked for in every turn.
    private var longestTurnThatIsNoNews: Duration
    private var source: DeadlineSource?

    init(_ bus: BusEndpoint, loop: EventLoop, log: Log, flash: @escaping () -> (bytes: Int, syncs: Int)?) {
        self.bus = bus
        self.loop = loop
        self.log = log
        self.flash = flash
        published = Self.read(bus, loop, log, flash())
        longestTurnThatIsNoNews = Self.noNews(after: published)
        publishedAt = EventLoop.uptime()
        bus.publish(published)
        // Asked once per turn, and due only when there is something to tell: an idle service does not wake up for it.
        source = loop.addDeadlineSource(
            next: { [unowned self] in earliest(deadlineOfNews, deadlineOfFlash) },
            fire: { [unowned self] moment in publish(at: moment) }
        )
    }

    deinit {
        if let source { loop.removeDeadlineSource(source) }
    }

    /// A longest turn that is only a little longer is no news.
    private var hasNews: Bool {
        loop.longTurns != published.longTurns || log.droppedLines != published.droppedLogLines
            || bus.disconnectedSubscribers != published.disconnectedSubscribers
            || (loop.longestTurn?.length ?? .zero) > longestTurnThatIsNoNews
    }

    private var deadlineOfNews: Deadline? {
        hasNews ? Deadline(at: publishedAt + Self.interval, for: "health is told") : nil
    }

    private var deadlineOfFlash: Deadline? {
        guard let syncs = flash()?.syncs, syncs != published.flashSyncs else { return nil }
        // The first figure comes when the service has opened its files, which is after it has joined the bus.
        let pause = published.flashSyncs == nil ? Duration.zero : Self.flashInterval
        return Deadline(at: publishedAt + pause, for: "writes to flash are told")
    }

    private func publish(at moment: Moment) {
        published = Self.read(bus, loop, log, flash())
        longestTurnThatIsNoNews = Self.noNews(after: published)
        publishedAt = moment.uptime
        bus.publish(published)
    }

    private static func noNews(after health: ServiceHealth) -> Duration {
        .microseconds(health.longestTurnMicroseconds) * 3 / 2
    }

    private static func read(
        _ bus: BusEndpoint,
        _ loop: EventLoop,
        _ log: Log,
        _ flash: (bytes: Int, syncs: Int)?
    ) -> ServiceHealth {
        ServiceHealth(
            service: bus.service,
            longestTurnMicroseconds: Int((loop.longestTurn?.length ?? .zero) / .microseconds(1)),
            longestTurnWorkedMicroseconds: Int((loop.longestTurn?.worked ?? .zero) / .microseconds(1)),
            longestTurnReason: loop.longestTurn?.reason,
            turnLimitMicroseconds: Int(loop.turnLimit / .microseconds(1)),
            longTurns: loop.longTurns,
            droppedLogLines: log.droppedLines,
            disconnectedSubscribers: bus.disconnectedSubscribers,
            flashBytes: flash?.bytes,
            flashSyncs: flash?.syncs
        )
    }
}
