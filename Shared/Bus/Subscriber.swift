internal import BusCodec
internal import BusSchema
internal import EventLoop
internal import Primitives
internal import ZeroMQ

/// The listening side of one process: one socket, connected to every publisher that somebody here asked for.
final class Subscriber {
    private struct Subscription {
        let service: ServiceName
        let topics: [String]
        let handler: (Header, AnyBusMessage) -> Void

        func covers(_ topic: String) -> Bool {
            topics.contains { filter in
                guard topic.hasPrefix(filter) else { return false }
                // `hardware.connector.1` is not about connector 10.
                return filter.isEmpty || filter.hasSuffix(".") || topic.utf8.count == filter.utf8.count
                    || topic.utf8.dropFirst(filter.utf8.count).first == UInt8(ascii: ".")
            }
        }
    }

    /// Messages per turn, so that a flood leaves room for everything else.
    private static let batch = 100

    private let directory: RuntimeDirectory
    private let loop: EventLoop
    private let socket: ZeroMQSocket
    private var garbage: GarbageCounter
    private var watch: Watch?
    private var subscriptions: [Subscription] = []
    private var connected: Set<ServiceName> = []
    private var topics: Set<String> = []

    init(directory: RuntimeDirectory, loop: EventLoop, report: @escaping (LogRecord) -> Void) throws(ZeroMQError) {
        self.directory = directory
        self.loop = loop
        garbage = GarbageCounter(report: report)
        socket = try ZeroMQSocket(.sub, context: loop.context, options: .bus(queue: BusLimits.publishQueue))
        watch = loop.watch(socket: socket, for: "subscribed messages") { [unowned self] in receive() }
    }

    deinit { close() }

    func close() {
        if let watch { loop.unwatch(watch) }
        watch = nil
        socket.close()
        subscriptions.removeAll()
    }

    func subscribe(
        to service: ServiceName,
        topics: [String],
        handler: @escaping (Header, AnyBusMessage) -> Void
    ) throws(ZeroMQError) {
        subscriptions.append(Subscription(service: service, topics: topics, handler: handler))
        if connected.insert(service).inserted { try socket.connect(directory.endpoint(service, .pub)) }
        for topic in topics {
            // Taken back and asked for once more, so that publishers send the state to the newcomer too.
            if !self.topics.insert(topic).inserted { socket.unsubscribe(topic) }
            socket.subscribe(topic)
        }
    }

    private func receive() {
        for _ in 0..<Self.batch {
            // Closed by a handler.
            guard watch != nil else { return }
            do {
                guard let parts = try socket.receive() else { return }
                deliver(parts)
            } catch {
                return garbage.count(error.description)
            }
        }
    }

    private func deliver(_ parts: [[UInt8]]) {
        guard let frames = BusFrames(parts: parts) else {
            return garbage.count("\(parts.count) frames instead of three")
        }
        let topic = String(decoding: frames.topic, as: UTF8.self)
        let interested = subscriptions.filter { $0.covers(topic) }
        guard !interested.isEmpty else { return }
        do {
            let header = try BusCodec.decodeHeader(frames.header)
            let addressed = interested.filter { $0.service == header.source }
            guard !addressed.isEmpty else { return }
            let message: AnyBusMessage
            switch try BusCodec.decodeContent(frames.payload, header: header) {
            case .state(let state): message = AnyBusMessage(state)
            case .event(let event): message = AnyBusMessage(event)
            case .request, .reply, .error: return
            case .unknown(let type): return garbage.count(unknownType: type)
            }
            for subscription in addressed { subscription.handler(header, message) }
        } catch {
            garbage.count(error.description)
        }
    }
}

/// Counts what could not be understood and says each kind of it once; a peer of another version must not fill the log.
struct GarbageCounter {
    private(set) var total = 0
    private var told: Set<String> = []
    private let report: (LogRecord) -> Void

    init(report: @escaping (LogRecord) -> Void) { self.report = report }

    mutating func count(_ problem: String) {
        total += 1
        guard told.count < 100, told.insert(problem).inserted else { return }
        report(LogRecord(.warning, "a bus message was dropped", .init("problem", problem), .init("dropped", total)))
    }

    mutating func count(unknownType type: String) {
        total += 1
        guard told.count < 100, told.insert(type).inserted else { return }
        report(LogRecord(.notice, "messages of an unknown type are ignored", .init("type", type.prefix(100))))
    }
}

extension ZeroMQSocket.Options {
    /// What every socket of the bus has. A frame somewhat above the limit still arrives, so that it can be refused in words.
    /// `received` of each peer wait here at most; further ones wait in the kernel, and then at the peer.
    static func bus(queue: Int, received: Int? = nil) -> ZeroMQSocket.Options {
        ZeroMQSocket.Options(
            sendQueue: Int32(queue),
            receiveQueue: Int32(received ?? queue),
            maximumFrameBytes: Int64(BusLimits.payloadBytes * 2)
        )
    }
}
