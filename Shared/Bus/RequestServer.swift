internal import BusCodec
public import BusSchema
internal import EventLoop
internal import Primitives
internal import ZeroMQ

/// The side of a service that answers: takes requests, refuses what it must, hands the rest to the handler of its type.
///
/// It has a door per class of access. Through that of people come only requests that people may send; through that of the services,
/// all. The kernel decides by mode and group of the socket who comes to which door.
final class RequestServer {
    /// One socket and whom it is for.
    struct Door {
        let socket: ZeroMQSocket
        let access: BusAccess
    }

    /// A request that passed every check but that of its payload.
    struct Request {
        /// Where it came in, and the answer goes out.
        let door: Door
        let peer: [UInt8]
        /// Who asks, as the kernel named him when he connected.
        let asker: ZeroMQSocket.Origin.Peer?
        let header: Header
        let frames: BusFrames
    }

    /// Requests per turn, so that a flood leaves room for everything else.
    private static let batch = 100
    /// No further one is read in a turn that has read so many bytes: requests as large as they may be cost a millisecond each.
    private static let batchBytes = 64 * 1024

    /// Longest id and type, bytes: both come back in the header of the answer, which has a limit.
    private static let longestName = 200

    private let doors: [Door]
    private let loop: EventLoop
    private let publisher: Publisher
    private let client: BusClient
    private let traffic: TrafficRing
    private let report: (LogRecord) -> Void
    private var garbage: GarbageCounter
    /// One per door; empty once closed.
    private var watches: [Watch] = []
    private var handlers: [String: Handler] = [:]
    /// Requests that were handed to a handler and not answered yet.
    private var unanswered = 0

    private struct Handler {
        let access: BusAccess
        let speaksForItsSource: Bool
        let handle: (Request) -> Void
    }

    init(
        _ doors: [Door],
        loop: EventLoop,
        publisher: Publisher,
        client: BusClient,
        traffic: TrafficRing,
        report: @escaping (LogRecord) -> Void
    ) {
        self.doors = doors
        self.loop = loop
        self.publisher = publisher
        self.client = client
        self.traffic = traffic
        self.report = report
        garbage = GarbageCounter(report: report)
        watches = doors.map { door in
            loop.watch(socket: door.socket, for: "requests") { [unowned self] in receive(through: door) }
        }
    }

    deinit { close(lingerMilliseconds: 0) }

    func close(lingerMilliseconds: Int32) {
        for watch in watches { loop.unwatch(watch) }
        watches.removeAll()
        for door in doors { door.socket.close(lingerMilliseconds: lingerMilliseconds) }
    }

    func serve<R: BusRequest>(_: R.Type, handler: @escaping (Header, R, Responder<R>) -> Void) {
        handlers[R.type] = Handler(access: R.access, speaksForItsSource: R.speaksForItsSource) {
            [unowned self] request in
            do {
                let message = try BusCodec.decode(R.self, from: request.frames.payload)
                unanswered += 1
                handler(request.header, message, Responder(request, server: self))
            } catch {
                refuse(request, BusError(.invalid, "\(error)"))
            }
        }
    }

    /// Sends the answer of a responder.
    func answer<R: BusRequest>(_: R.Type, _ request: Request, _ result: Result<R.Reply, BusError>) {
        unanswered -= 1
        switch result {
        case .failure(let error): refuse(request, error)
        case .success(let reply):
            let header = client.header(.reply, type: R.type, replyTo: request.header.id, cause: request.header.id)
            send(header, to: request) { () throws(BusCodecError) in try BusCodec.encode(reply: reply, header: header) }
        }
    }

    private func refuse(_ request: Request, _ error: BusError) {
        let type = request.header.type
        let header = client.header(.error, type: type, replyTo: request.header.id, cause: request.header.id)
        send(header, to: request) { () throws(BusCodecError) in try BusCodec.encode(error: error, header: header) }
    }

    private func send(_ header: Header, to request: Request, _ encode: () throws(BusCodecError) -> BusFrames) {
        guard !watches.isEmpty else { return }  // closed: nobody to answer to
        let frames: BusFrames
        do {
            frames = try encode()
        } catch {
            report(LogRecord(.fault, "a reply could not be written", .init("error", error)))
            // A refusal is always small enough, so this ends here.
            return refuse(request, BusError(.failed, error.description))
        }
        do {
            // Full or unroutable: the asker has gone or stands still, and will give up by itself.
            _ = try request.door.socket.send([request.peer] + frames.parts)
        } catch {
            report(LogRecord(.error, "answering failed", .init("error", error)))
        }
        let topic = BusCodec.replyTopic(request.header.type)
        if publisher.isWanted(topic) { publisher.publish(copy: frames) }
        traffic.record(header, topic: topic, payload: frames.payload)
    }

    private func receive(through door: Door) {
        var bytes = 0
        for _ in 0..<Self.batch where bytes < Self.batchBytes {
            // Closed by a handler.
            guard !watches.isEmpty else { return }
            do {
                guard let (parts, origin) = try door.socket.receiveWithOrigin() else { return }
                bytes += parts.reduce(0) { $0 + $1.count }
                read(parts, from: door, sentBy: origin?.peer)
            } catch {
                return garbage.count(error.description)
            }
        }
    }

    private func read(_ parts: [[UInt8]], from door: Door, sentBy asker: ZeroMQSocket.Origin.Peer?) {
        guard let peer = parts.first, let frames = BusFrames(parts: Array(parts.dropFirst())) else {
            return garbage.count("\(parts.count - 1) frames instead of three")
        }
        do {
            let header = try BusCodec.decodeHeader(frames.header)
            // Without an id or of another kind it is no request: there is nothing to refer to in an answer.
            guard header.kind == .request, !header.id.isEmpty, header.id.utf8.count <= Self.longestName,
                header.type.utf8.count <= Self.longestName
            else { return garbage.count("a header that is none of a request") }
            dispatch(Request(door: door, peer: peer, asker: asker, header: header, frames: frames))
        } catch {
            garbage.count(error.description)
        }
    }

    private func dispatch(_ request: Request) {
        let header = request.header
        if let refusal = RequestCheck.size(ofPayload: request.frames.payload.count, type: header.type) {
            return refuse(request, refusal)
        }
        publishCopy(of: request)
        guard let handler = handlers[header.type] else {
            return refuse(request, BusError(.unsupported, "\(header.type.prefix(100)) is not served here"))
        }
        guard handler.access == .people || request.door.access == .services else {
            let path = "\(client.directory.path)/\(client.source).svc"
            return refuse(request, BusError(.refused, "\(header.type) is for services, and those ask through \(path)"))
        }
        guard !handler.speaksForItsSource || comesFromItsSource(request) else {
            let message = "\(header.type) is taken from the process that is the service it speaks for"
            return refuse(request, BusError(.refused, message))
        }
        if let refusal = RequestCheck.age(of: header, at: EventLoop.uptime()) { return refuse(request, refusal) }
        guard unanswered < BusLimits.requestQueue else {
            return refuse(request, BusError(.busy, "\(unanswered) requests are being worked on"))
        }
        handler.handle(request)
    }

    /// Whether the process that asks is the service that the header names. The header alone could say anything; and the number of the process
    /// alone could be that of a service that is gone, given to somebody else since.
    private func comesFromItsSource(_ request: Request) -> Bool {
        guard let asker = request.asker else { return false }
        let holder = ServiceLock.holder(of: request.header.source, in: client.directory)
        return holder?.process == asker.process && holder?.user == asker.user
    }

    private func publishCopy(of request: Request) {
        let topic = BusCodec.requestTopic(request.header.type)
        traffic.record(request.header, topic: topic, payload: request.frames.payload)
        guard publisher.isWanted(topic) else { return }
        // The topic is ours to say, whatever the asker wrote there.
        var copy = request.frames
        copy.topic = Array(topic.utf8)
        publisher.publish(copy: copy)
    }
}

/// Answers one request, at once or later, exactly once. Dropping it unanswered refuses the request.
public final class Responder<R: BusRequest> {
    private let request: RequestServer.Request
    private let server: RequestServer
    private var isAnswered = false

    init(_ request: RequestServer.Request, server: RequestServer) {
        self.request = request
        self.server = server
    }

    deinit {
        if !isAnswered { answer(.failure(BusError(.failed, "the service dropped the request"))) }
    }

    /// Sends the reply.
    public func reply(_ reply: R.Reply) { answer(.success(reply)) }

    /// Refuses the request.
    public func refuse(_ code: BusError.Code, _ message: String) { answer(.failure(BusError(code, message))) }

    /// Sends either.
    public func answer(_ result: Result<R.Reply, BusError>) {
        precondition(!isAnswered, "A request is answered once.")
        isAnswered = true
        server.answer(R.self, request, result)
    }
}
