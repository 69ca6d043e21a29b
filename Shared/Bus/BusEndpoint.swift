internal import BusCodec
public import BusSchema
public import EventLoop
internal import Glibc
public import Primitives
internal import ZeroMQ

/// One service on the bus: publishes, serves, listens and asks. Announces itself while it lives.
///
/// There is no broker and no order of starting: peers connect, and connect again, by themselves.
public final class BusEndpoint {
    public let service: ServiceName
    /// The listening and asking side.
    public let client: BusClient

    /// Nil once closed.
    private var lock: ServiceLock?
    private let publisher: Publisher
    private let server: RequestServer
    private let gates: Gates
    private let log: LogRelay
    /// Whether the socket files are ours to remove.
    private let ownsFiles: Bool
    private let traffic = TrafficRing()
    private var announce: Announce
    private var isClosed = false

    /// Takes the place of `service` in `directory` and announces it.
    /// - Parameters:
    ///   - service: Its name is that of its sockets.
    ///   - version: Of the software.
    ///   - directory: Created when missing.
    ///   - sockets: What was handed over to this process; nil when it makes its sockets itself.
    ///   - loop: Calls the handlers.
    ///   - publishes: States and events, for the announcement.
    ///   - serves: Requests, for the announcement; each needs a call of `serve`.
    ///   - simulated: Whether any device behind the service is simulated.
    ///   - repeatInterval: How often retained states are sent again to whoever listens, in case a message was dropped.
    /// - Throws: `BusStartError`, whose description is one line for people; `ZeroMQError` when there are no descriptors left.
    public init(
        service: ServiceName,
        version: String,
        directory: RuntimeDirectory,
        sockets: InheritedSockets? = nil,
        loop: EventLoop,
        publishes: [any BusMessage.Type],
        serves: [any BusRequest.Type],
        simulated: Bool = false,
        repeatInterval: Duration = .seconds(60)
    ) throws {
        try directory.checkLength(for: service)
        try directory.create()
        // Before the sockets: whoever has the lock may remove what a killed predecessor left behind.
        (lock, withoutLock) = try Self.takePlace(of: service, in: directory, mayGoWithout: sockets != nil)
        let log = LogRelay()
        self.log = log
        self.service = service
        ownsFiles = sockets == nil
        client = BusClient(source: service, directory: directory, loop: loop, isService: true)
        client.onLog = { log.write($0) }
        let gates = Gates(service, directory, sockets, loop) { log.write($0) }
        publisher = Publisher(
            try gates.openPublisher(),
            loop: loop,
            repeatInterval: repeatInterval,
            traffic: traffic
        ) { log.write($0) }
        let doors = try [BusAccess.people, .services].map { access in
            let socket = try gates.openServer(.init(for: access))
            return RequestServer.Door(socket: socket, access: access)
        }
        server = RequestServer(doors, loop: loop, publisher: publisher, client: client, traffic: traffic) {
            log.write($0)
        }
        self.gates = gates
        announce = Announce(
            service: service,
            version: version,
            schemaVersion: BusRegistry.schemaVersion,
            pid: Int(getpid()),
            startedAt: EventLoop.now().utc.millisecondsSinceEpoch,
            publishes: publishes.map { $0.type }.sorted(),
            serves: (serves.map { $0.type } + [ServiceTraffic.type]).sorted(),
            simulated: simulated,
            running: true
        )
        server.serve(ServiceTraffic.self) { [traffic] _, _, responder in
            responder.reply(.init(service: service, messages: traffic.messages))
        }
        publish(announce)
    }

    deinit { close() }

    /// Called with what deserves a line in the log: messages that could not be understood, failures of sockets.
    public var onLog: ((LogRecord) -> Void)? {
        get { log.handler }
        set { log.handler = newValue }
    }

    /// That there was no place for the lock file, for the log; nil when there was.
    public let withoutLock: LogRecord?

    /// Whoever was handed his sockets is the only one who has them, and may go without a lock: better than not to start.
    private static func takePlace(
        of service: ServiceName,
        in directory: RuntimeDirectory,
        mayGoWithout: Bool
    ) throws(BusStartError) -> (ServiceLock?, LogRecord?) {
        do {
            return (try ServiceLock(service, in: directory), nil)
        } catch {
            guard mayGoWithout, case .directoryUnusable(let cause) = error else { throw error }
            return (
                nil,
                LogRecord(
                    .error,
                    "there is no lock file, and nobody is told who this service is",
                    .init("why", "\(cause)")
                )
            )
        }
    }

    /// That sockets are open to another group than their own, for the log; nil when none is. The doors of people and of services may be
    /// one then.
    public var openToStrangers: LogRecord? { gates.openToStrangers }

    /// That files of sockets are gone which were handed over, for the log; nil when none is. Nobody finds the service there.
    public var withoutDoor: LogRecord? { gates.withoutDoor }

    /// Says that the service ends, and leaves the bus. Pending requests fail, requests that wait here are dropped.
    /// - Parameter lingerMilliseconds: How long the last messages may take to leave the process, in the background; see
    ///   `ZeroMQContext.finish`.
    public func close(lingerMilliseconds: Int32 = 0) {
        guard !isClosed else { return }
        announce.running = false
        publish(announce)
        isClosed = true
        client.close(lingerMilliseconds: lingerMilliseconds)
        gates.close()
        server.close(lingerMilliseconds: lingerMilliseconds)
        publisher.close()
        if ownsFiles {
            for name in RuntimeDirectory.SocketName.allCases { unlink(client.directory.socketPath(service, name)) }
        }
        // Last: from here on a successor may take the paths.
        lock = nil
    }

    // MARK: - Publish

    /// Publishes the new value of a state; it is retained and sent to every subscriber who comes later.
    /// - Parameters:
    ///   - state: Complete, never a delta.
    ///   - cause: Id of the message that led to it.
    ///   - transaction: Uuid of the transaction that it is about.
    public func publish(_ state: some BusState, cause: String? = nil, transaction: String? = nil) {
        guard let header = publishHeader(.state, state, cause, transaction) else { return }
        publisher.publish(state, header: header)
    }

    /// Publishes an event to whoever listens now. Nobody may rely on it; without a listener it is not even written.
    /// - Parameters:
    ///   - event: Must not be larger than `BusLimits.payloadBytes`; otherwise it is dropped with a line in the log.
    ///   - cause: Id of the message that led to it.
    ///   - transaction: Uuid of the transaction that it is about.
    public func publish(_ event: some BusEvent, cause: String? = nil, transaction: String? = nil) {
        guard let header = publishHeader(.event, event, cause, transaction) else { return }
        publisher.publish(event, header: header)
    }

    /// Publishes what an effect carries: a state or an event, as above.
    public func publish(_ message: AnyBusMessage, cause: String? = nil, transaction: String? = nil) {
        switch message.value {
        case let state as any BusState: publish(state, cause: cause, transaction: transaction)
        case let event as any BusEvent: publish(event, cause: cause, transaction: transaction)
        default: preconditionFailure("Only states and events are published.")
        }
    }

    /// Whether anybody listens to `topic`, for what is expensive to put together.
    public func isWanted(_ topic: String) -> Bool { publisher.isWanted(topic) }

    /// Remembers an event that is not even put together, because nobody listens to it.
    /// - Parameters:
    ///   - type: Of the event.
    ///   - what: What happened, in words that are there already: nothing is put together until somebody asks.
    ///   - name: And to what.
    public func recordUnheard<E: BusEvent>(_ type: E.Type, _ what: String, _ name: String) {
        guard !isClosed else { return }
        traffic.record(client.header(.event, type: E.type), topic: E.type, payload: nil, note: (what, name))
    }

    /// Subscribers that were disconnected so far, because they asked for too much or did not read.
    public var disconnectedSubscribers: Int { publisher.disconnectedSubscribers }

    // MARK: - Serve

    /// Answers requests of type `R` from now on.
    ///
    /// The handler gets only requests that were read in time and fit their type. Refused without it: `unsupported` types,
    /// `expired` ones, `invalid` payloads (with the path of the wrong value), and those beyond `BusLimits.requestQueue` (`busy`).
    public func serve<R: BusRequest>(_ request: R.Type, handler: @escaping (Header, R, Responder<R>) -> Void) {
        precondition(announce.serves.contains(R.type), "A service announces what it serves.")
        server.serve(request, handler: handler)
    }

    // MARK: - Listen and ask

    /// See `BusClient.subscribe`.
    public func subscribe(
        to service: ServiceName,
        topics: [String],
        handler: @escaping (Header, AnyBusMessage) -> Void
    ) throws {
        try client.subscribe(to: service, topics: topics, handler: handler)
    }

    /// See `BusClient.request`.
    public func request<R: BusRequest>(
        _ request: R,
        within limit: Duration,
        expiringAfter expiry: Duration? = nil,
        cause: String? = nil,
        transaction: String? = nil,
        completion: @escaping (Result<R.Reply, BusError>) -> Void
    ) {
        client.request(
            request,
            within: limit,
            expiringAfter: expiry,
            cause: cause,
            transaction: transaction,
            completion: completion
        )
    }

    private func publishHeader<M: BusMessage>(
        _ kind: Header.Kind,
        _ message: M,
        _ cause: String?,
        _ transaction: String?
    ) -> Header? {
        // What comes after the farewell has no listener any more.
        guard !isClosed else { return nil }
        let seq = publisher.nextSequence(message.topic)
        return client.header(kind, type: M.type, seq: seq, transaction: transaction, cause: cause)
    }
}

/// The socket files of one service.
private final class Gates {
    private let service: ServiceName
    private let directory: RuntimeDirectory
    private let inherited: InheritedSockets?
    private let loop: EventLoop
    private let report: (LogRecord) -> Void
    private var gates: [ConnectionGate] = []
    /// Groups that there should be sockets for and are none, and why.
    private var missing: [(group: String, why: String)] = []

    var openToStrangers: LogRecord? {
        guard !missing.isEmpty else { return nil }
        let groups = missing.map { "\($0.group) (\($0.why))" }
        return LogRecord(
            .warning,
            "sockets are open to the group of this process instead of their own",
            .init("groups", groups.joined(separator: ", "))
        )
    }

    /// What listens goes on when its file is removed.
    var withoutDoor: LogRecord? {
        guard inherited != nil else { return nil }
        let paths = RuntimeDirectory.SocketName.allCases.map { directory.socketPath(service, $0) }
        let gone = paths.filter { !LocalSocket.isSocket($0) }
        guard !gone.isEmpty else { return nil }
        return LogRecord(
            .error,
            "nobody finds this service: files of its sockets are gone; systemctl stop and start it, which makes them again",
            .init("files", gone.joined(separator: " "))
        )
    }

    init(
        _ service: ServiceName,
        _ directory: RuntimeDirectory,
        _ inherited: InheritedSockets?,
        _ loop: EventLoop,
        report: @escaping (LogRecord) -> Void
    ) {
        self.service = service
        self.directory = directory
        self.inherited = inherited
        self.loop = loop
        self.report = report
    }

    /// Makes the socket that subscribers connect to.
    /// - Throws: `BusStartError.socketUnusable`.
    func openPublisher() throws(BusStartError) -> PublisherSocket {
        let (path, source) = try source(of: .pub)
        let listener: Int32
        do throws(SystemError) {
            listener = try source.makeListener(at: path)
        } catch {
            throw BusStartError.socketUnusable("\(error)")
        }
        compareGroup(of: path, .pub, source)
        return PublisherSocket(takingOwnershipOf: listener, loop: loop, report: report)
    }

    /// Makes a socket that requests come through.
    /// - Throws: `BusStartError.socketUnusable`, or `ZeroMQError` when the process has no descriptors left.
    func openServer(_ name: RuntimeDirectory.SocketName) throws -> ZeroMQSocket {
        let options = ZeroMQSocket.Options.bus(queue: BusLimits.requestQueue, received: BusLimits.unreadRequests)
        let socket = try ZeroMQSocket(.router, context: loop.context, options: options)
        let (path, source) = try source(of: name)
        do {
            gates.append(try ConnectionGate(socket, at: path, from: source, loop: loop, report: report))
        } catch {
            throw BusStartError.socketUnusable("\(error)")
        }
        compareGroup(of: path, name, source)
        return socket
    }

    private func source(
        of name: RuntimeDirectory.SocketName
    ) throws(BusStartError) -> (path: String, source: ListenerSource) {
        let path = directory.socketPath(service, name)
        // Owner, group and mode are the business of whoever made it.
        if let inherited { return (path, .inherited(try inherited.listener(name, at: path))) }
        directory.moveAway(path)
        return (path, .made(groupId: LocalSocket.groupId(named: name.group)))
    }

    /// With another group than its own a socket is a door for others than it should be: all three may be one.
    private func compareGroup(of path: String, _ name: RuntimeDirectory.SocketName, _ source: ListenerSource) {
        guard case .made(let groupId) = source else { return }
        if let groupId, LocalSocket.group(of: path) == groupId { return }
        missing.append((name.group, groupId == nil ? "does not exist" : "may not be given"))
    }

    func close() { for gate in gates { gate.close() } }
}

/// Where the parts of an endpoint send their log records, before and after somebody listens.
final class LogRelay {
    var handler: ((LogRecord) -> Void)?

    func write(_ record: LogRecord) { handler?(record) }
}
