internal import BusSchema
internal import EventLoop
internal import Glibc
internal import Primitives
internal import ZeroMQ

/// Listens at one socket file for one ZeroMQ socket, and sees to it that no user takes more than his share of the connections.
///
/// libzmq accepts whoever comes, and ends the process when the kernel has no descriptor left for it. So the loop looks at each arrival who
/// is there, and shuts down what is beyond the share of a user. Should somebody be so much faster than the loop that
/// `DescriptorLimit.mostWithStrangers` is reached all the same, it takes the listener away from libzmq, which ends all connections of that
/// socket: others are refused by the kernel, or wait in its queue where the listener was handed over to this process, and find the gate
/// open once there is room.
final class ConnectionGate {
    /// How long a closed gate stays closed at least.
    static let closedInterval = Duration.seconds(1)
    /// How long after an arrival the loop looks who is there: some hundreds can come meanwhile.
    private static let lookAfter = Duration.milliseconds(10)
    /// How many connections may wait to be noticed.
    private static let arrivalQueue: Int32 = 1000
    /// How long nothing more is said of users who have too many connections.
    private static let silence = Duration.seconds(60)

    private let socket: ZeroMQSocket
    private let path: String
    private let source: ListenerSource
    private let loop: EventLoop
    private let report: (LogRecord) -> Void
    private var state = State.ended
    private var deadlines: DeadlineSource?
    private var lookAt: Duration?
    private var silentUntil = Duration.zero
    /// Says that somebody has connected.
    private let arrivals: ZeroMQSocket
    private var watch: Watch?

    private enum State {
        case open
        case closed(until: Duration)
        case ended
    }

    /// - Throws: `SystemError` or `ZeroMQError` naming the path.
    init(
        _ socket: ZeroMQSocket,
        at path: String,
        from source: ListenerSource,
        loop: EventLoop,
        report: @escaping (LogRecord) -> Void
    ) throws {
        self.socket = socket
        self.path = path
        self.source = source
        self.loop = loop
        self.report = report
        arrivals = try socket.arrivals(queue: Self.arrivalQueue)
        try open()
        watch = loop.watch(socket: arrivals, for: "an arriving connection") { [unowned self] in arrived() }
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in
                if case .closed(let end) = state { return Deadline(at: end, for: "connections are accepted again") }
                return Deadline(at: lookAt, for: "who has connected is counted")
            },
            fire: { [unowned self] moment in
                lookAt = nil
                if case .closed = state { openAgain(at: moment) } else { look() }
            }
        )
    }

    deinit { close() }

    /// Lets go of the listener; the ZeroMQ socket is its owner's to close.
    func close() {
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        deadlines = nil
        if let watch { loop.unwatch(watch) }
        watch = nil
        arrivals.close()
        state = .ended
    }

    private var endpoint: String { "ipc://\(path)" }

    private func open() throws {
        let listener = try source.makeListener(at: path)
        do {
            try socket.bind(endpoint, takingOwnershipOfListener: listener)
        } catch {
            Glibc.close(listener)
            throw error
        }
        state = .open
    }

    private func arrived() {
        // What cannot be received is a bug of ours, and costs the share of a user only.
        while (try? arrivals.receive()) != nil {}
        // A crowd is seen at once.
        if lookAt == nil { lookAt = EventLoop.uptime() + Self.lookAfter }
    }

    private func look() {
        guard case .open = state else { return }
        let surplus = ConnectionCensus.surplus(at: path)
        for (descriptor, user) in surplus {
            shutdown(descriptor, Int32(SHUT_RDWR))
            tellSurplus(of: user)
        }
        // Whoever comes to another socket does not pay for the crowd at this one.
        guard !surplus.isEmpty, !DescriptorLimit.acceptsStrangers(now: true) else { return }
        state = .closed(until: EventLoop.uptime() + Self.closedInterval)
        // It can only fail when it was not bound, and then nobody is accepted either.
        try? socket.unbind(endpoint)
        report(LogRecord(.error, "too many connections, no more are accepted", .init("at", path)))
    }

    /// Once in a while: whoever is disconnected comes again and again.
    private func tellSurplus(of user: UInt32) {
        let now = EventLoop.uptime()
        guard now >= silentUntil else { return }
        silentUntil = now + Self.silence
        report(
            LogRecord(
                .warning,
                "a user has too many connections, more are refused",
                .init("user", user),
                .init("at", path)
            )
        )
    }

    private func openAgain(at moment: Moment) {
        guard DescriptorLimit.acceptsStrangers(now: false) else {
            state = .closed(until: moment.uptime + Self.closedInterval)
            return
        }
        do {
            try open()
            report(LogRecord(.notice, "connections are accepted again", .init("at", path)))
        } catch {
            state = .closed(until: moment.uptime + Self.closedInterval)
            report(LogRecord(.error, "connections cannot be accepted", .init("at", path), .init("why", "\(error)")))
        }
    }
}
