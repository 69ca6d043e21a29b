internal import CZeroMQ
internal import Synchronization

/// One libzmq socket. Never blocks, belongs to one thread, keeps its context alive.
public final class ZeroMQSocket {
    public enum Kind: Sendable {
        /// Publishes, and reads the subscriptions of its peers.
        case xpub
        /// Subscribes.
        case sub
        /// Asks one server, any number of requests at once.
        case dealer
        /// Answers; the first frame names the peer.
        case router
        /// One end of a pair within this process.
        case pair
    }

    /// Limits, all of them bounded.
    public struct Options: Sendable {
        /// Messages that wait per peer before they are dropped (xpub, router) or refused (dealer).
        public var sendQueue: Int32
        /// Messages that wait to be received, per peer.
        public var receiveQueue: Int32
        /// Largest frame accepted, bytes; a peer that sends more is disconnected.
        public var maximumFrameBytes: Int64
        /// First and longest pause between attempts to reconnect, milliseconds.
        public var reconnectMilliseconds: ClosedRange<Int32>

        public init(
            sendQueue: Int32,
            receiveQueue: Int32,
            maximumFrameBytes: Int64,
            reconnectMilliseconds: ClosedRange<Int32> = 50...1000
        ) {
            precondition(sendQueue > 0 && receiveQueue > 0, "Zero means without limit to libzmq.")
            precondition(maximumFrameBytes > 0, "A negative size means without limit to libzmq.")
            self.sendQueue = sendQueue
            self.receiveQueue = receiveQueue
            self.maximumFrameBytes = maximumFrameBytes
            self.reconnectMilliseconds = reconnectMilliseconds
        }
    }

    /// What became of a message that was given to `send`.
    public enum SendOutcome: Equatable, Sendable {
        /// Taken; nothing is known about its delivery.
        case sent
        /// The queue of that peer is full; nothing was taken.
        case full
        /// Router only: no such peer is connected; nothing was taken.
        case unroutable
    }

    public let kind: Kind
    private let context: ZeroMQContext
    private var pointer: UnsafeMutableRawPointer?

    /// - Throws: `ZeroMQError` when the process has no descriptors or memory left.
    public init(_ kind: Kind, context: ZeroMQContext, options: Options) throws(ZeroMQError) {
        self.kind = kind
        self.context = context
        guard let pointer = zmq_socket(context.pointer, kind.constant) else {
            throw ZeroMQError.last("create a \(kind) socket")
        }
        self.pointer = pointer
        context.socketOpened()
        set(ZMQ_LINGER, Int32(0))
        set(ZMQ_SNDHWM, options.sendQueue)
        set(ZMQ_RCVHWM, options.receiveQueue)
        set(ZMQ_MAXMSGSIZE, options.maximumFrameBytes)
        set(ZMQ_RECONNECT_IVL, options.reconnectMilliseconds.lowerBound)
        set(ZMQ_RECONNECT_IVL_MAX, options.reconnectMilliseconds.upperBound)
        // A peer that connects and says nothing is dropped; a subscriber that stands still later is not.
        set(ZMQ_HANDSHAKE_IVL, Int32(5000))
        switch kind {
        case .xpub: set(ZMQ_XPUB_VERBOSE, Int32(1))  // every new subscriber is reported, not only the first of a topic
        case .router: set(ZMQ_ROUTER_MANDATORY, Int32(1))  // a reply without an addressee is an outcome, not silence
        case .sub, .dealer, .pair: break
        }
    }

    deinit { close() }

    /// The socket for libzmq's own calls. Any of them may take in what other threads have left for the socket, after which its descriptor
    /// says nothing of it any more; so after each, the socket has to be asked.
    private var handle: UnsafeMutableRawPointer {
        guard let pointer else { preconditionFailure("A closed socket is not used any more.") }
        mayHoldMessage = true
        return pointer
    }

    // MARK: - Waiting

    /// A message may wait although `descriptor` is not readable: libzmq signals it only for what comes after `holdsMessage` was false.
    private(set) var mayHoldMessage = true

    /// Becomes readable when something happens in a socket of which `holdsMessage` has said false, and nothing was called since. It need not
    /// be a message.
    private(set) lazy var descriptor: Int32 = option(ZMQ_FD)

    /// Whether a message waits.
    /// - Throws: `ZeroMQError` when the socket cannot be used any more, which is a bug of the caller.
    func holdsMessage() throws(ZeroMQError) -> Bool {
        var events: Int32 = 0
        var size = MemoryLayout.size(ofValue: events)
        while zmq_getsockopt(handle, ZMQ_EVENTS, &events, &size) != 0 {
            guard zmq_errno() == EINTR else { throw ZeroMQError.last("ask a \(kind) socket for its state") }
        }
        mayHoldMessage = events & ZMQ_POLLIN != 0
        return mayHoldMessage
    }

    // MARK: - Use

    /// Closes the socket. Remove it from every poll set before.
    /// - Parameter lingerMilliseconds: How long libzmq may go on sending what waits in it; the rest is dropped.
    public func close(lingerMilliseconds: Int32 = 0) {
        guard let pointer else { return }
        set(ZMQ_LINGER, lingerMilliseconds)
        zmq_close(pointer)
        self.pointer = nil
        context.socketClosed()
    }

    /// Binds to `endpoint`. Note that libzmq silently takes over an `ipc` path that somebody else has bound.
    /// - Throws: `ZeroMQError` naming the endpoint.
    public func bind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_bind(handle, endpoint) == 0 else { throw ZeroMQError.last("bind \(endpoint)") }
    }

    /// Binds to `endpoint` through a socket that listens there already, and takes it over.
    ///
    /// Who creates the listening socket decides about its path, mode and owner, and removes the path at the end: libzmq, left
    /// alone, silently steals a path that somebody else has bound and removes it whenever its own thread comes to it.
    /// - Throws: `ZeroMQError` naming the endpoint.
    public func bind(_ endpoint: String, takingOwnershipOfListener descriptor: Int32) throws(ZeroMQError) {
        set(ZMQ_USE_FD, descriptor)
        defer { set(ZMQ_USE_FD, Int32(-1)) }
        try bind(endpoint)
    }

    /// Stops listening at `endpoint`; connections that exist go on.
    /// - Throws: `ZeroMQError` when it is not bound to it.
    public func unbind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_unbind(handle, endpoint) == 0 else { throw ZeroMQError.last("unbind \(endpoint)") }
    }

    /// Sockets whose arrivals were ever asked for.
    private static let watched = Atomic(0)

    /// A socket of this process that receives a message for each connection that libzmq has accepted for this one. The kernel's own word,
    /// that a listener is readable, is gone once libzmq has accepted, so that a thread which comes later never hears it.
    /// - Parameter queue: How many connections may wait to be noticed; libzmq accepts no more until they are.
    /// - Returns: What to watch and to empty.
    /// - Throws: `ZeroMQError` when the process has no descriptors or memory left.
    public func arrivals(queue: Int32) throws(ZeroMQError) -> ZeroMQSocket {
        // A name that no other socket of the process has had: libzmq lets go of one some time after its socket is closed.
        let endpoint = "inproc://arrivals-\(Self.watched.add(1, ordering: .relaxed).newValue)"
        guard zmq_socket_monitor(handle, endpoint, ZMQ_EVENT_ACCEPTED) == 0 else {
            throw ZeroMQError.last("watch the connections of a \(kind) socket")
        }
        let options = Options(sendQueue: 1, receiveQueue: queue, maximumFrameBytes: 1024)
        let arrivals = try ZeroMQSocket(.pair, context: context, options: options)
        try arrivals.connect(endpoint)
        return arrivals
    }

    /// Connects to `endpoint` now or whenever somebody binds it, and again after every loss.
    /// - Throws: `ZeroMQError` when the endpoint is no valid address.
    public func connect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_connect(handle, endpoint) == 0 else { throw ZeroMQError.last("connect \(endpoint)") }
    }

    /// Ends the connection to `endpoint` and the attempts to reach it.
    /// - Throws: `ZeroMQError` when there is none.
    public func disconnect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_disconnect(handle, endpoint) == 0 else { throw ZeroMQError.last("disconnect \(endpoint)") }
    }

    /// Asks every publisher, also later ones, for messages whose first frame begins with `topic`. Counted: ends after as many
    /// calls of `unsubscribe`.
    public func subscribe(_ topic: String) { set(ZMQ_SUBSCRIBE, topic) }

    /// Takes one `subscribe` back.
    public func unsubscribe(_ topic: String) { set(ZMQ_UNSUBSCRIBE, topic) }

    /// Sends one message of one or more frames, without waiting.
    /// - Throws: `ZeroMQError` for everything that is not an outcome of normal operation.
    public func send(_ frames: [[UInt8]]) throws(ZeroMQError) -> SendOutcome {
        precondition(!frames.isEmpty, "A message has at least one frame.")
        for (index, frame) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (index + 1 < frames.count ? ZMQ_SNDMORE : 0)
            while zmq_send(handle, frame, frame.count, flags) < 0 {
                let code = zmq_errno()
                if code == EINTR { continue }
                // libzmq takes or refuses a message as a whole, with its first frame.
                if index == 0, code == EAGAIN { return .full }
                if index == 0, code == EHOSTUNREACH { return .unroutable }
                throw ZeroMQError(code: code, operation: "send on a \(kind) socket")
            }
        }
        return .sent
    }

    /// Takes the next message; nil when none waits.
    /// - Throws: `ZeroMQError` for everything that is not an outcome of normal operation.
    public func receive() throws(ZeroMQError) -> [[UInt8]]? { try receiveWithOrigin()?.frames }

    /// Takes the next message, and says where it came from.
    /// - Returns: Nil when none waits. Without an origin inside one process.
    /// - Throws: `ZeroMQError` for everything that is not an outcome of normal operation.
    public func receiveWithOrigin() throws(ZeroMQError) -> (frames: [[UInt8]], origin: Origin?)? {
        var frames: [[UInt8]] = []
        var message = zmq_msg_t()
        zmq_msg_init(&message)
        defer { zmq_msg_close(&message) }
        repeat {
            while zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) < 0 {
                let code = zmq_errno()
                if code == EINTR { continue }
                // All frames of a message arrive at once, so only the first can be missing.
                if code == EAGAIN, frames.isEmpty { return nil }
                throw ZeroMQError(code: code, operation: "receive on a \(kind) socket")
            }
            let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))
            frames.append(Array(bytes))
        } while zmq_msg_more(&message) != 0
        return (frames, Origin(&message))
    }

    private func set(_ option: Int32, _ value: some FixedWidthInteger) {
        var value = value
        let result = zmq_setsockopt(handle, option, &value, MemoryLayout.size(ofValue: value))
        precondition(result == 0, "Option \(option) does not fit a \(kind) socket.")
    }

    private func option(_ option: Int32) -> Int32 {
        var value: Int32 = 0
        var size = MemoryLayout.size(ofValue: value)
        let result = zmq_getsockopt(handle, option, &value, &size)
        precondition(result == 0, "Option \(option) does not fit a \(kind) socket.")
        return value
    }

    private func set(_ option: Int32, _ value: String) {
        let result = zmq_setsockopt(handle, option, value, value.utf8.count)
        precondition(result == 0, "Option \(option) does not fit a \(kind) socket.")
    }
}

extension ZeroMQSocket.Kind {
    var constant: Int32 {
        switch self {
        case .xpub: ZMQ_XPUB
        case .sub: ZMQ_SUB
        case .dealer: ZMQ_DEALER
        case .router: ZMQ_ROUTER
        case .pair: ZMQ_PAIR
        }
    }
}

extension ZeroMQSocket {
    /// Where a message came from.
    public struct Origin: Hashable, Sendable {
        /// Of the connection. It belongs to libzmq's own thread: it may be closed, and even be another connection's, by the time anybody
        /// looks at it.
        public var descriptor: Int32
        /// Who had connected, as libzmq noted it when the connection began; nil when the connection is not local.
        public var peer: Peer?

        /// The other end of a connection.
        public struct Peer: Hashable, Sendable {
            public var process: Int32
            public var user: UInt32

            /// - Parameters:
            ///   - process: Its number.
            ///   - user: Whose it was when it connected.
            public init(process: Int32, user: UInt32) {
                self.process = process
                self.user = user
            }
        }

        init?(_ message: inout zmq_msg_t) {
            let descriptor = zmq_msg_get(&message, ZMQ_SRCFD)
            guard descriptor >= 0 else { return nil }
            self.descriptor = descriptor
            peer = zmq_msg_gets(&message, "Peer-Address").flatMap { Self.peer(of: $0) }
        }

        /// A local peer, of which libzmq says "name:user:group:process"; nil for others. Byte by byte, because every message comes here, and
        /// pieces of text would cost a tenth of what a request costs.
        static func peer(of address: UnsafePointer<CChar>) -> Peer? {
            var numbers: (user: UInt32, group: UInt32, process: UInt32) = (0, 0, 0)
            var colons = 0
            var isEmpty = true
            var position = address
            while position.pointee != 0 {
                let byte = UInt8(bitPattern: position.pointee)
                position += 1
                if byte == UInt8(ascii: ":") {
                    guard colons == 0 || !isEmpty else { return nil }
                    colons += 1
                    isEmpty = true
                    continue
                }
                isEmpty = false
                guard colons > 0 else { continue }
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                let digit = UInt32(byte - UInt8(ascii: "0"))
                let isRoom =
                    switch colons {
                    case 1: append(digit, to: &numbers.user)
                    case 2: append(digit, to: &numbers.group)
                    default: append(digit, to: &numbers.process)
                    }
                guard isRoom else { return nil }
            }
            guard colons == 3, !isEmpty, let process = Int32(exactly: numbers.process) else { return nil }
            return Peer(process: process, user: numbers.user)
        }

        private static func append(_ digit: UInt32, to number: inout UInt32) -> Bool {
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isStillTooLarge) = product.addingReportingOverflow(digit)
            number = sum
            return !isTooLarge && !isStillTooLarge
        }
    }
}
