internal import BusCodec
internal import BusSchema
internal import EventLoop
internal import Primitives
internal import ZeroMQ

/// The `.pub` side of a service: events for whoever listens, states for whoever comes.
final class Publisher {
    private struct Retained {
        let header: Header
        let state: any BusState
        /// Written when somebody first wants it.
        var frames: [[UInt8]]?
    }

    /// Subscriptions per turn, so that a flood leaves room for everything else: the kernel is asked about the sender of each, and hardware-io
    /// has 5 ms for a turn.
    private static let batch = 32

    private let socket: ZeroMQSocket
    private let loop: EventLoop
    private let report: (LogRecord) -> Void
    private let traffic: TrafficRing
    /// How often retained states are sent again, for a subscriber whose queue overflowed at the last change.
    private let repeatInterval: Duration
    private var watch: Watch?
    private var deadlines: DeadlineSource?
    private var wanted = WantedTopics()
    private var peers: PeerLedger
    private var retained: [String: Retained] = [:]
    private var sequence: [String: Int64] = [:]
    private var nextRepeat = Duration.zero

    init(
        _ socket: ZeroMQSocket,
        at path: String,
        loop: EventLoop,
        repeatInterval: Duration,
        traffic: TrafficRing,
        report: @escaping (LogRecord) -> Void
    ) {
        self.socket = socket
        peers = PeerLedger(path: path)
        self.loop = loop
        self.report = report
        self.traffic = traffic
        self.repeatInterval = repeatInterval
        watch = loop.watch(socket: socket, for: "subscriptions") { [unowned self] in takeSubscriptions() }
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in
                let due = wanted.isEmpty || retained.isEmpty ? nil : nextRepeat
                return Deadline(at: due, for: "states are repeated")
            },
            fire: { [unowned self] moment in repeatStates(at: moment) }
        )
    }

    deinit { close(lingerMilliseconds: 0) }

    func close(lingerMilliseconds: Int32) {
        if let watch { loop.unwatch(watch) }
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        watch = nil
        deadlines = nil
        socket.close(lingerMilliseconds: lingerMilliseconds)
    }

    /// Subscribers that were disconnected so far.
    var disconnectedSubscribers: Int { peers.cuts }

    /// Whether anybody listens to `topic`.
    func isWanted(_ topic: some StringProtocol) -> Bool {
        wanted.covers(topic)
    }

    /// The number of the next message of `topic`.
    func nextSequence(_ topic: String) -> Int64 {
        let number = sequence[topic, default: 0] + 1
        sequence[topic] = number
        return number
    }

    func publish(_ state: some BusState, header: Header) {
        let topic = state.topic
        retained[topic] = Retained(header: header, state: state)
        if isWanted(topic) { sendRetained(topic) }
        traffic.record(header, topic: topic, payload: retained[topic]?.frames?.last)
    }

    /// Nobody wants it: it is not even written.
    func publish<E: BusEvent>(_ event: E, header: Header) {
        let topic = event.topic
        guard isWanted(topic) else { return traffic.record(header, topic: topic, payload: nil) }
        do {
            let frames = try BusCodec.encode(event, header: header)
            send(frames.parts)
            traffic.record(header, topic: topic, payload: frames.payload)
        } catch {
            report(LogRecord(.fault, "an event could not be written", .init("error", error)))
        }
    }

    /// Publishes a copy of a request or reply for the tap.
    func publish(copy frames: BusFrames) { send(frames.parts) }

    private func sendRetained(_ topic: String) {
        guard var entry = retained[topic] else { return }
        if entry.frames == nil {
            do {
                entry.frames = try Self.write(entry.state, entry.header)
                retained[topic] = entry
            } catch {
                retained[topic] = nil
                report(LogRecord(.fault, "a state could not be written", .init("error", error)))
            }
        }
        if let frames = entry.frames { send(frames) }
    }

    private static func write(_ state: some BusState, _ header: Header) throws(BusCodecError) -> [[UInt8]] {
        try BusCodec.encode(state, header: header).parts
    }

    /// Never blocks: libzmq drops the message for each subscriber whose queue is full, and for nobody else.
    private func send(_ parts: [[UInt8]]) {
        do {
            _ = try socket.send(parts)
        } catch {
            report(LogRecord(.error, "publishing failed", .init("error", error)))
        }
        for excess in peers.count(publishedBytes: parts.reduce(0) { $0 + $1.count }) { tell(excess) }
    }

    private func tell(_ excess: PeerLedger.Excess) {
        report(LogRecord(.warning, "a subscriber was disconnected", .init("because", excess.rawValue)))
    }

    private func takeSubscriptions() {
        var added = WantedTopics()
        for _ in 0..<Self.batch {
            guard let (message, origin) = receive() else { break }
            guard let frame = message.first, let verb = frame.first else { continue }
            let topic = Array(frame.dropFirst())
            // What is taken back is not counted: libzmq says it by itself when a connection ends.
            if verb != 0, let origin, let excess = peers.count(subscriptionBytes: topic.count, from: origin) {
                tell(excess)
            }
            switch verb {
            case 1:
                if wanted.isEmpty { nextRepeat = EventLoop.uptime() + repeatInterval }
                wanted.insert(topic)
                added.insert(topic)
            case 0: wanted.remove(topic)
            default: break  // peers may send other bytes upstream; they mean nothing here
            }
        }
        guard !added.isEmpty else { return }
        for topic in retained.keys.sorted() where added.covers(topic) { sendRetained(topic) }
    }

    private func receive() -> (frames: [[UInt8]], origin: ZeroMQSocket.Origin?)? {
        do {
            return try socket.receiveWithOrigin()
        } catch {
            report(LogRecord(.error, "reading subscriptions failed", .init("error", error)))
            return nil
        }
    }

    private func repeatStates(at moment: Moment) {
        nextRepeat = moment.uptime + repeatInterval
        for topic in retained.keys.sorted() where isWanted(topic) { sendRetained(topic) }
    }
}
