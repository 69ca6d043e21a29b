internal import BusCodec
internal import BusSchema
internal import EventLoop
internal import Primitives

/// The `.pub` side of a service: events for whoever listens, states for whoever comes.
final class Publisher {
    private struct Retained {
        let header: Header
        let state: any BusState
        /// Written when somebody first wants it.
        var frames: [[UInt8]]?
    }

    private let socket: PublisherSocket
    private let loop: EventLoop
    private let report: (LogRecord) -> Void
    private let traffic: TrafficRing
    /// How often retained states are sent again, for a subscriber whose queue overflowed at the last change.
    private let repeatInterval: Duration
    private var deadlines: DeadlineSource?
    private var retained: [String: Retained] = [:]
    private var sequence: [String: Int64] = [:]
    private var nextRepeat = Duration.zero

    init(
        _ socket: PublisherSocket,
        loop: EventLoop,
        repeatInterval: Duration,
        traffic: TrafficRing,
        report: @escaping (LogRecord) -> Void
    ) {
        self.socket = socket
        self.loop = loop
        self.report = report
        self.traffic = traffic
        self.repeatInterval = repeatInterval
        socket.onSubscribed = { [unowned self] topics, subscriber in welcome(subscriber, topics) }
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in
                let due = socket.isIdle || retained.isEmpty ? nil : nextRepeat
                return Deadline(at: due, for: "states are repeated")
            },
            fire: { [unowned self] moment in repeatStates(at: moment) }
        )
    }

    deinit { close() }

    func close() {
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        deadlines = nil
        socket.close()
    }

    /// Subscribers that were disconnected so far.
    var disconnectedSubscribers: Int { socket.cuts }

    /// Whether anybody listens to `topic`.
    func isWanted(_ topic: some StringProtocol) -> Bool { socket.isWanted(topic) }

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
            socket.send(frames.parts)
            traffic.record(header, topic: topic, payload: frames.payload)
        } catch {
            report(LogRecord(.fault, "an event could not be written", .init("error", error)))
        }
    }

    /// Publishes a copy of a request or reply for the tap.
    func publish(copy frames: BusFrames) { socket.send(frames.parts) }

    private func sendRetained(_ topic: String) {
        if let frames = retainedFrames(topic) { socket.send(frames) }
    }

    /// A retained state as it goes over the wire, written when it is first wanted.
    private func retainedFrames(_ topic: String) -> [[UInt8]]? {
        guard let entry = retained[topic] else { return nil }
        if let frames = entry.frames { return frames }
        do {
            let frames = try Self.write(entry.state, entry.header)
            retained[topic]?.frames = frames
            return frames
        } catch {
            retained[topic] = nil
            report(LogRecord(.fault, "a state could not be written", .init("error", error)))
            return nil
        }
    }

    private static func write(_ state: some BusState, _ header: Header) throws(BusCodecError) -> [[UInt8]] {
        try BusCodec.encode(state, header: header).parts
    }

    /// A subscriber has begun to want `topics`: it gets the states among them.
    private func welcome(_ subscriber: Int, _ topics: [[UInt8]]) {
        // Nobody was there before, so that nothing was repeated for a while.
        let now = EventLoop.uptime()
        if nextRepeat <= now { nextRepeat = now + repeatInterval }
        for topic in retained.keys.sorted() where topics.contains(where: { topic.utf8.starts(with: $0) }) {
            if let frames = retainedFrames(topic) { socket.send(frames, to: subscriber) }
        }
    }

    private func repeatStates(at moment: Moment) {
        nextRepeat = moment.uptime + repeatInterval
        for topic in retained.keys.sorted() where isWanted(topic) { sendRetained(topic) }
    }
}
