internal import CZeroMQ

/// Sockets and descriptors that are waited for together. Fixed once built: build a new one when the set changes.
public struct PollSet {
    public enum Source {
        case socket(ZeroMQSocket)
        case descriptor(Int32)
    }

    public struct Interest: OptionSet, Hashable, Sendable {
        public let rawValue: Int16
        public init(rawValue: Int16) { self.rawValue = rawValue }

        public static let readable = Interest(rawValue: 1)
        public static let writable = Interest(rawValue: 2)
        /// Error or hang-up; reported for descriptors whether asked for or not.
        public static let failed = Interest(rawValue: 4)
    }

    private var items: [zmq_pollitem_t] = []
    /// Keeps the sockets alive that `items` points to.
    private let sockets: [ZeroMQSocket]

    public init(_ sources: [(source: Source, interest: Interest)]) {
        var sockets: [ZeroMQSocket] = []
        for (source, interest) in sources {
            let events =
                Int16(interest.contains(.readable) ? ZMQ_POLLIN : 0)
                | Int16(interest.contains(.writable) ? ZMQ_POLLOUT : 0)
            switch source {
            case .socket(let socket):
                sockets.append(socket)
                items.append(zmq_pollitem_t(socket: socket.handle, fd: -1, events: events, revents: 0))
            case .descriptor(let descriptor):
                precondition(descriptor >= 0, "A descriptor is never negative.")
                items.append(zmq_pollitem_t(socket: nil, fd: descriptor, events: events, revents: 0))
            }
        }
        self.sockets = sockets
    }

    /// Waits until a source is ready. A signal ends the wait early.
    /// - Parameter milliseconds: The longest wait; -1 for ever, 0 not at all.
    /// - Returns: How many sources are ready.
    /// - Throws: `ZeroMQError` when a source is not valid any more, which is a bug of the caller.
    public mutating func wait(milliseconds: Int) throws(ZeroMQError) -> Int {
        let ready = zmq_poll(&items, Int32(items.count), milliseconds)
        if ready < 0 {
            let code = zmq_errno()
            guard code == EINTR else { throw ZeroMQError(code: code, operation: "poll \(items.count) sources") }
            return 0
        }
        return Int(ready)
    }

    /// What source number `index` was found ready for by the last `wait`.
    public func readiness(at index: Int) -> Interest {
        let events = Int32(items[index].revents)
        var readiness: Interest = []
        if events & ZMQ_POLLIN != 0 { readiness.insert(.readable) }
        if events & ZMQ_POLLOUT != 0 { readiness.insert(.writable) }
        if events & ZMQ_POLLERR != 0 { readiness.insert(.failed) }
        return readiness
    }
}
