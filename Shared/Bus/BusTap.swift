public import BusCodec
public import BusSchema
public import EventLoop
internal import Primitives
internal import ZeroMQ

/// Everything that travels on the bus of one runtime directory, as `chargectl tap` shows it. Delays nobody: who is slow misses messages.
public final class BusTap {
    /// One message as it came, and what it means.
    public struct Message: Sendable {
        public let topic: String
        public let frames: BusFrames
        /// Nil when it is not understood.
        public let header: Header?
        /// Why it is not understood; nil when it is.
        public let problem: BusCodecError?

        /// The payload by its type.
        /// - Throws: `BusCodecError` when it does not fit.
        public func content() throws(BusCodecError) -> BusContent {
            guard let header else { throw problem ?? .malformedHeader(problem: "missing") }
            return try BusCodec.decodeContent(frames.payload, header: header)
        }
    }

    /// How often the directory is searched for services that started.
    public static let scanInterval = Duration.milliseconds(250)
    private static let batch = 100

    private let directory: RuntimeDirectory
    private let loop: EventLoop
    private let socket: ZeroMQSocket
    private let handler: (Message) -> Void
    private var connected: Set<ServiceName> = []
    private var nextScan = Duration.zero
    private var watch: Watch?
    private var deadlines: DeadlineSource?

    /// Listens until `close`.
    /// - Parameters:
    ///   - directory: Where the services meet; need not exist yet.
    ///   - loop: Calls the handler.
    ///   - topics: Beginnings of topics; the empty text is everything.
    ///   - handler: Called with each message, first the states that exist.
    /// - Throws: `ZeroMQError` when the process has no descriptors left.
    public init(
        directory: RuntimeDirectory,
        loop: EventLoop,
        topics: [String] = [""],
        handler: @escaping (Message) -> Void
    ) throws {
        self.directory = directory
        self.loop = loop
        self.handler = handler
        socket = try ZeroMQSocket(.sub, context: loop.context, options: .bus(queue: BusLimits.publishQueue))
        for topic in topics { socket.subscribe(topic) }
        watch = loop.watch(socket: socket, for: "tapped messages") { [unowned self] in receive() }
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: nextScan, for: "the runtime directory is read") },
            fire: { [unowned self] moment in
                nextScan = moment.uptime + Self.scanInterval
                scan()
            }
        )
        scan()
    }

    deinit { close() }

    /// Ends the listening.
    public func close() {
        if let watch { loop.unwatch(watch) }
        if let deadlines { loop.removeDeadlineSource(deadlines) }
        watch = nil
        deadlines = nil
        socket.close()
    }

    private func scan() {
        for service in directory.publishers() where !connected.contains(service) {
            do {
                try socket.connect(directory.endpoint(service, .pub))
                connected.insert(service)
            } catch {
                // A name that is no address; the next scan tries again, in case it was a passing lack of descriptors.
                continue
            }
        }
    }

    private func receive() {
        for _ in 0..<Self.batch {
            // Closed by the handler.
            guard watch != nil else { return }
            // The only errors of a receiving socket are those of a socket that is not one, which the poll set reports.
            guard let parts = try? socket.receive() else { return }
            guard let frames = BusFrames(parts: parts) else { continue }
            handler(Self.message(frames))
        }
    }

    private static func message(_ frames: BusFrames) -> Message {
        let topic = String(decoding: frames.topic, as: UTF8.self)
        do {
            return Message(topic: topic, frames: frames, header: try BusCodec.decodeHeader(frames.header), problem: nil)
        } catch {
            return Message(topic: topic, frames: frames, header: nil, problem: error)
        }
    }
}
