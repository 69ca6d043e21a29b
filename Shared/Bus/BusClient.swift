internal import BusCodec
public import BusSchema
public import EventLoop
internal import JSON
public import Primitives
internal import ZeroMQ

/// One process that listens and asks, without being a service: `chargectl`, and a part of every `BusEndpoint`.
public final class BusClient {
    public let directory: RuntimeDirectory
    /// Called with what deserves a line in the log: messages that could not be understood.
    public var onLog: ((LogRecord) -> Void)?

    private let loop: EventLoop
    /// Whether it is a part of a service, and so in the group that may send every request.
    private let isService: Bool
    private var headers: HeaderFactory
    /// The name in the headers of what it sends.
    var source: ServiceName { headers.source }
    private lazy var requester = Requester(directory: directory, loop: loop) { [unowned self] in onLog?($0) }
    private var subscriber: Subscriber?

    /// - Parameters:
    ///   - source: The name in the headers of its requests.
    ///   - directory: Where the services meet.
    ///   - loop: Calls the handlers.
    public convenience init(source: ServiceName, directory: RuntimeDirectory, loop: EventLoop) {
        self.init(source: source, directory: directory, loop: loop, isService: false)
    }

    init(source: ServiceName, directory: RuntimeDirectory, loop: EventLoop, isService: Bool) {
        self.isService = isService
        self.directory = directory
        self.loop = loop
        headers = HeaderFactory(source: source)
    }

    /// Ends everything: handlers are not called any more, pending requests fail.
    /// - Parameter lingerMilliseconds: How long requests that were just sent may take to leave the process.
    public func close(lingerMilliseconds: Int32 = 0) {
        subscriber?.close()
        subscriber = nil
        requester.close(lingerMilliseconds: lingerMilliseconds)
    }

    /// Calls `handler` with states and events of `service` under `topics`, from now on and after each restart of either side.
    ///
    /// States that exist arrive at once, and again every minute, always with the id of
    /// their first publication: who minds duplicates compares ids. Events may be missed.
    /// - Parameters:
    ///   - service: Need not run yet.
    ///   - topics: Types, with or without instance: `hardware.connector` covers all connectors, `hardware.connector.1` one,
    ///     the empty text everything.
    ///   - handler: Gets messages of registered types only.
    /// - Throws: `ZeroMQError` when the process has no descriptors left.
    public func subscribe(
        to service: ServiceName,
        topics: [String],
        handler: @escaping (Header, AnyBusMessage) -> Void
    ) throws {
        let subscriber =
            try subscriber ?? Subscriber(directory: directory, loop: loop) { [unowned self] in onLog?($0) }
        self.subscriber = subscriber
        try subscriber.subscribe(to: service, topics: topics, handler: handler)
    }

    /// Asks the server of `R`. A server that is away gets the request when it is back, unless it has expired by then.
    /// - Parameters:
    ///   - request: Idempotent, as all requests.
    ///   - server: For one that every service serves; its own server unless it is said.
    ///   - limit: After this long the asker is told `timedOut`; a later answer is dropped.
    ///   - expiry: After this long the server refuses it; `limit` unless it is said. Less than `limit` for what must not be done once the
    ///     asker has given up: the difference is the time that the server has for doing it.
    ///   - cause: Id of the message that led to it.
    ///   - transaction: Uuid of the transaction that it is about.
    ///   - completion: Called exactly once, never before this returns.
    public func request<R: BusRequest>(
        _ request: R,
        to server: ServiceName = R.server,
        within limit: Duration,
        expiringAfter expiry: Duration? = nil,
        cause: String? = nil,
        transaction: String? = nil,
        completion: @escaping (Result<R.Reply, BusError>) -> Void
    ) {
        let header = requestHeader(R.type, within: min(limit, expiry ?? limit), cause: cause, transaction: transaction)
        let complete: Requester.Completion = { result in
            completion(
                result.flatMap { (_, payload) in
                    do {
                        return .success(try BusCodec.decodeReply(to: R.self, from: payload))
                    } catch {
                        return .failure(BusError(.failed, "the reply is not understood: \(error)"))
                    }
                }
            )
        }
        do {
            let frames = try BusCodec.encode(request, header: header)
            requester.send(frames, header: header, to: address(server, R.access), within: limit, complete)
        } catch {
            requester.fail(complete, BusError(.invalid, error.description))
        }
    }

    /// Asks `server` with a payload as it is, for tools; otherwise as the typed form.
    public func request(
        type: String,
        payload: [UInt8],
        server: ServiceName,
        within limit: Duration,
        completion: @escaping (Result<(header: Header, payload: [UInt8]), BusError>) -> Void
    ) {
        let header = requestHeader(type, within: limit, cause: nil, transaction: nil)
        guard payload.count <= BusLimits.payloadBytes else {
            let error = BusCodecError.payloadTooLarge(type: type, bytes: payload.count)
            return requester.fail(completion, BusError(.invalid, error.description))
        }
        do {
            let topic = Array(BusCodec.requestTopic(type).utf8)
            // An unknown type goes where its server can say so to anybody.
            let access = BusRegistry.request(named: type)?.access ?? .people
            let frames = BusFrames(topic: topic, header: try JSON.encode(header), payload: payload)
            requester.send(frames, header: header, to: address(server, access), within: limit, completion)
        } catch {
            requester.fail(completion, BusError(.invalid, "\(error)"))
        }
    }

    /// A header for something that this process publishes.
    func header(
        _ kind: Header.Kind,
        type: String,
        seq: Int64? = nil,
        replyTo: String? = nil,
        transaction: String? = nil,
        cause: String? = nil
    ) -> Header {
        headers.make(kind, type: type, seq: seq, replyTo: replyTo, transaction: transaction, cause: cause)
    }

    private func address(_ server: ServiceName, _ access: BusAccess) -> Requester.Address {
        Requester.Address(service: server, socket: isService ? .svc : .init(for: access))
    }

    private func requestHeader(_ type: String, within limit: Duration, cause: String?, transaction: String?) -> Header {
        let expiresAt = (EventLoop.uptime() + min(limit, .longestFromOutside)).wholeMilliseconds
        return headers.make(.request, type: type, transaction: transaction, cause: cause, expiresAt: expiresAt)
    }
}
