internal import BusCodec
internal import BusSchema
internal import EventLoop
internal import Primitives
internal import ZeroMQ

/// The asking side of one process: one socket per server, requests that await their answers.
final class Requester {
    typealias Completion = (Result<(header: Header, payload: [UInt8]), BusError>) -> Void

    /// One socket of a server.
    struct Address: Hashable {
        let service: ServiceName
        let socket: RuntimeDirectory.SocketName
    }

    private struct Server {
        let socket: ZeroMQSocket
        let watch: Watch
    }

    private let directory: RuntimeDirectory
    private let loop: EventLoop
    private var garbage: GarbageCounter
    private var deadlines: DeadlineSource?
    private var servers: [Address: Server] = [:]
    private var pending = PendingRequests<Completion>()

    init(directory: RuntimeDirectory, loop: EventLoop, report: @escaping (LogRecord) -> Void) {
        self.directory = directory
        self.loop = loop
        garbage = GarbageCounter(report: report)
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: pending.nextDeadline, for: "a reply is overdue") },
            fire: { [unowned self] moment in expire(at: moment) }
        )
    }

    deinit { close(lingerMilliseconds: 0) }

    /// Every request that is still pending fails.
    func close(lingerMilliseconds: Int32) {
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        deadlines = nil
        for server in servers.values {
            loop.unwatch(server.watch)
            server.socket.close(lingerMilliseconds: lingerMilliseconds)
        }
        servers.removeAll()
        for request in pending.giveUpAll() {
            fail(request.completion, BusError(.failed, "this side of the bus was closed"))
        }
    }

    /// Sends a request of the header's type; `completion` is called exactly once, never before this returns.
    func send(
        _ frames: BusFrames,
        header: Header,
        to server: Address,
        within limit: Duration,
        _ completion: @escaping Completion
    ) {
        guard deadlines != nil else {
            return fail(completion, BusError(.failed, "this side of the bus was closed"))
        }
        guard pending.count < BusLimits.requestQueue else {
            return fail(completion, BusError(.busy, "\(pending.count) requests wait for an answer"))
        }
        do {
            switch try socket(for: server).send(frames.parts) {
            case .sent: pending.add(header.id, to: server, within: limit, at: EventLoop.uptime(), completion)
            case .full, .unroutable:
                fail(completion, BusError(.busy, "too many requests wait for \(server.service)"))
            }
        } catch {
            fail(completion, BusError(.failed, error.description))
        }
    }

    /// Fails a request that was never sent, after the caller has returned.
    func fail(_ completion: @escaping Completion, _ error: BusError) {
        loop.enqueue { completion(.failure(error)) }
    }

    private func socket(for address: Address) throws(ZeroMQError) -> ZeroMQSocket {
        if let server = servers[address] { return server.socket }
        let socket = try ZeroMQSocket(.dealer, context: loop.context, options: .bus(queue: BusLimits.requestQueue))
        try socket.connect(directory.endpoint(address.service, address.socket))
        let watch = loop.watch(socket: socket, for: "replies") { [unowned self] in receive(from: address) }
        servers[address] = Server(socket: socket, watch: watch)
        return socket
    }

    private func receive(from address: Address) {
        // A handler may close this side; then there is no server any more.
        while let socket = servers[address]?.socket {
            do {
                guard let parts = try socket.receive() else { return }
                deliver(parts, from: address)
            } catch {
                return garbage.count(error.description)
            }
        }
    }

    private func deliver(_ parts: [[UInt8]], from address: Address) {
        guard let frames = BusFrames(parts: parts) else {
            return garbage.count("\(parts.count) frames instead of three")
        }
        do {
            let header = try BusCodec.decodeHeader(frames.header)
            // Unknown: answered after its deadline, or twice.
            guard let id = header.replyTo, let request = pending.take(id, answeredBy: address) else { return }
            guard header.kind == .error else { return request.completion(.success((header, frames.payload))) }
            request.completion(.failure(Self.refusal(frames.payload, type: header.type)))
        } catch {
            garbage.count(error.description)
        }
    }

    /// Whoever asked is told in any case.
    private static func refusal(_ payload: [UInt8], type: String) -> BusError {
        do {
            return try BusCodec.decodeError(payload, type: type)
        } catch {
            return BusError(.failed, "refused in a way that is not understood: \(error)")
        }
    }

    private func expire(at moment: Moment) {
        for id in pending.overdue(at: moment.uptime) {
            // A completion before this one may have closed this side.
            guard let request = pending.giveUp(id) else { continue }
            request.completion(.failure(BusError(.timedOut, "\(request.server.service) did not answer in time")))
        }
    }
}
