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

    private struct Pending {
        let deadline: Duration
        let server: Address
        let completion: Completion
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
    private var pending: [String: Pending] = [:]

    init(directory: RuntimeDirectory, loop: EventLoop, report: @escaping (LogRecord) -> Void) {
        self.directory = directory
        self.loop = loop
        garbage = GarbageCounter(report: report)
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: pending.values.lazy.map(\.deadline).min(), for: "a reply is overdue")
            },
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
        let abandoned = pending.values.map(\.completion)
        pending.removeAll()
        for completion in abandoned { fail(completion, BusError(.failed, "this side of the bus was closed")) }
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
            case .sent:
                let deadline = EventLoop.uptime() + min(limit, .longestFromOutside)
                pending[header.id] = Pending(deadline: deadline, server: server, completion: completion)
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
            guard let id = header.replyTo, let request = pending[id], request.server == address else { return }
            pending[id] = nil
            if header.kind == .error {
                request.completion(.failure(try BusCodec.decodeError(frames.payload, type: header.type)))
            } else {
                request.completion(.success((header, frames.payload)))
            }
        } catch {
            garbage.count(error.description)
        }
    }

    private func expire(at moment: Moment) {
        let late = pending.filter { $0.value.deadline <= moment.uptime }
        for (id, request) in late.sorted(by: { $0.value.deadline < $1.value.deadline }) {
            // A completion before this one may have closed this side.
            guard pending.removeValue(forKey: id) != nil else { continue }
            request.completion(.failure(BusError(.timedOut, "\(request.server.service) did not answer in time")))
        }
    }
}
