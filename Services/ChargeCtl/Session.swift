internal import Bus
internal import BusCodec
internal import BusSchema
internal import EventLoop
internal import JSON
internal import Primitives

/// One run of chargectl: where the services meet, and how long it waits for them.
final class Session {
    let directory: RuntimeDirectory
    /// What the command line says about the longest wait, if anything.
    let timeout: Duration?
    let loop: EventLoop
    private lazy var client = BusClient(source: .chargectl, directory: directory, loop: loop)

    init(directory: RuntimeDirectory, timeout: Duration?) throws {
        self.directory = directory
        self.timeout = timeout
        loop = try EventLoop()
    }

    var now: Timestamp { EventLoop.now().utc }

    /// How long the answer to a request may take.
    private var patience: Duration { timeout ?? .seconds(5) }

    /// How long the states of a service are waited for. Without a word of the user it is short: a service sends them at once, unless it is
    /// held up.
    var hearing: Duration { timeout ?? .seconds(2) }

    /// A state as it was received last.
    struct State {
        let header: Header
        let topic: String
        let payload: JSONValue

        var line: TapLine { TapLine(header: header, topic: topic, payload: payload) }
    }

    /// The services that run. Each is asked by one connection, so ask once.
    func runningServices() -> Set<ServiceName> {
        Set(ServiceName.daemons.filter { directory.presence(of: $0) == .running })
    }

    /// That none of them runs, in words; nil when one does.
    var desertion: String? {
        runningServices().isEmpty ? "no service is running in \(directory.path)" : nil
    }

    /// The newest value of the states that running services keep, by topic.
    /// - Parameters:
    ///   - running: Who is waited for, for as long as `hearing` says.
    ///   - topics: Beginnings of topics; announcements come along in any case, so that nobody is waited for in vain.
    /// - Returns: Nothing when nobody runs.
    /// - Throws: `Failure` when this user may not listen; `ZeroMQError` or `SystemError` when this process has no descriptors left.
    func gatherStates(of running: Set<ServiceName>, topics: [String] = [""]) throws -> [String: State] {
        try requireHearing()
        guard !running.isEmpty else { return [:] }
        // A service sends all its states in one burst; a pause this long after the last of them means that it is over.
        let quiet = Duration.milliseconds(60)
        let limit = EventLoop.uptime() + hearing
        var states: [String: State] = [:]
        var seen: Set<ServiceName> = []
        var lastNews = limit
        let tap = try BusTap(directory: directory, loop: loop, topics: topics + [Announce.type]) { message in
            guard let header = message.header, header.kind == .state,
                let payload = try? JSON.parse(message.frames.payload)  // what is not JSON is no state of ours
            else { return }
            states[message.topic] = State(header: header, topic: message.topic, payload: payload)
            seen.insert(header.source)
            if seen.isSuperset(of: running) { lastNews = EventLoop.uptime() }
        }
        defer { tap.close() }
        let source = loop.addDeadlineSource(
            next: { Deadline(at: min(limit, lastNews + quiet), for: "nothing more comes") },
            fire: { [loop] _ in loop.stop() }
        )
        defer { loop.removeDeadlineSource(source) }
        try loop.run()
        return states
    }

    /// The answer to a request.
    /// - Throws: `Failure` in words, when the service is not running, refuses, or does not answer.
    func ask<R: BusRequest>(
        _ request: R,
        of server: ServiceName = R.server,
        within usual: Duration? = nil
    ) throws -> R.Reply {
        try requireRunning(server)
        try requireAccess(to: server, R.access)
        let limit = timeout ?? usual ?? patience
        var answer: Result<R.Reply, BusError>?
        client.request(request, to: server, within: limit) { [loop] result in
            answer = result
            loop.stop()
        }
        try runWhile(server)
        return try unwrap(answer, from: server, within: limit)
    }

    /// Runs until somebody stops the loop, or until `server` has ended: one that comes back knows nothing of what it was asked before.
    private func runWhile(_ server: ServiceName) throws {
        var next = EventLoop.uptime() + Self.lookInterval
        var hasEnded = false
        let source = loop.addDeadlineSource(
            next: { Deadline(at: next, for: "whether a service still runs") },
            fire: { [loop, directory] moment in
                next = moment.uptime + Self.lookInterval
                hasEnded = directory.presence(of: server) != .running
                if hasEnded { loop.stop() }
            }
        )
        defer { loop.removeDeadlineSource(source) }
        try loop.run()
        if hasEnded { throw Failure(status: .noAnswer, message: "\(server) ended before it answered") }
    }

    private static let lookInterval = Duration.milliseconds(500)

    /// Waits, with everything that the loop watches going on.
    func pause(_ time: Duration) throws {
        let end = EventLoop.uptime() + time
        let source = loop.addDeadlineSource(
            next: { Deadline(at: end, for: "the pause is over") },
            fire: { [loop] _ in loop.stop() }
        )
        defer { loop.removeDeadlineSource(source) }
        try loop.run()
    }

    /// The answer to a request given as text.
    func ask(type: String, payload: [UInt8], server: ServiceName) throws -> JSONValue {
        try requireRunning(server)
        try requireAccess(to: server, BusRegistry.request(named: type)?.access ?? .people)
        var answer: Result<(header: Header, payload: [UInt8]), BusError>?
        client.request(type: type, payload: payload, server: server, within: patience) { [loop] result in
            answer = result
            loop.stop()
        }
        try runWhile(server)
        return try JSON.parse(unwrap(answer, from: server, within: patience).payload)
    }

    /// - Throws: `Failure` when this user is not in the group that may send requests of that class.
    private func requireAccess(to server: ServiceName, _ access: BusAccess) throws(Failure) {
        if let closed = directory.closedSocket(of: server, for: access) { throw Self.refusal(closed) }
    }

    /// - Throws: `Failure` when this user is not in the group that may listen: nothing would ever be heard.
    func requireHearing() throws(Failure) {
        for service in ServiceName.daemons {
            if let closed = directory.closedPublisher(of: service) { throw Self.refusal(closed) }
        }
    }

    private static func refusal(_ closed: RuntimeDirectory.ClosedSocket) -> Failure {
        let words = "\(closed.path) may not be opened by this user: that takes the group \(closed.group)"
        return Failure(status: .refused, message: words)
    }

    /// - Throws: `Failure` when nobody listens at the service's socket.
    func requireRunning(_ service: ServiceName) throws(Failure) {
        guard directory.presence(of: service) != .running else { return }
        throw Failure(
            status: .serviceNotRunning,
            message: "\(service) is not running in \(directory.path); start it, or choose another --runtime-dir"
        )
    }

    private func unwrap<Reply>(
        _ answer: Result<Reply, BusError>?,
        from server: ServiceName,
        within limit: Duration
    ) throws -> Reply {
        switch answer {
        case .success(let reply): return reply
        case .failure(let error) where error.code == .timedOut:
            throw Failure(status: .noAnswer, message: "\(server) did not answer within \(limit.wholeSeconds) s")
        case .failure(let error): throw Failure(status: .refused, message: "\(server) answered \(error)")
        case nil: throw Failure(status: .noAnswer, message: "interrupted")
        }
    }
}
