internal import Bus
internal import BusSchema
internal import EventLoop
internal import Log
internal import Primitives

/// Publishes how the service bears its load: at the start, and whenever there is news, at most every `interval`.
final class HealthReport {
    /// Least time between two publications.
    static let interval = Duration.seconds(10)

    private let loop: EventLoop
    private let log: Log
    private let bus: BusEndpoint
    private var published: ServiceHealth
    private var publishedAt: Duration
    private var source: DeadlineSource?

    init(_ bus: BusEndpoint, loop: EventLoop, log: Log) {
        self.bus = bus
        self.loop = loop
        self.log = log
        published = Self.read(bus, loop, log)
        publishedAt = EventLoop.uptime()
        bus.publish(published)
        // Asked once per turn, and due only when there is something to tell: an idle service does not wake up for it.
        source = loop.addDeadlineSource(
            next: { [unowned self] in hasNews ? Deadline(at: publishedAt + Self.interval, for: "health is told") : nil
            },
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
            || (loop.longestTurn?.length ?? .zero) > .microseconds(published.longestTurnMicroseconds) * 3 / 2
    }

    private func publish(at moment: Moment) {
        published = Self.read(bus, loop, log)
        publishedAt = moment.uptime
        bus.publish(published)
    }

    private static func read(_ bus: BusEndpoint, _ loop: EventLoop, _ log: Log) -> ServiceHealth {
        ServiceHealth(
            service: bus.service,
            longestTurnMicroseconds: Int((loop.longestTurn?.length ?? .zero) / .microseconds(1)),
            longestTurnWorkedMicroseconds: Int((loop.longestTurn?.worked ?? .zero) / .microseconds(1)),
            longestTurnReason: loop.longestTurn?.reason,
            turnLimitMicroseconds: Int(loop.turnLimit / .microseconds(1)),
            longTurns: loop.longTurns,
            droppedLogLines: log.droppedLines,
            disconnectedSubscribers: bus.disconnectedSubscribers
        )
    }
}
