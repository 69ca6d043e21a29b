internal import Glibc

/// Sockets and descriptors that are waited for together. Fixed once built: build a new one when the set changes.
///
/// `zmq_poll` asks each socket for its state at every call, twice when it waits, and each question is a system call or two. A service has half
/// a dozen sockets, and most turns of its loop concern none of them. So this waits for the descriptors of the sockets itself, and asks only
/// a socket that was used or whose descriptor was signalled since it last said that it holds nothing (`ZeroMQSocket.mayHoldMessage`).
public struct PollSet {
    public enum Source {
        /// Ready when a message waits in it.
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

    private var items: [pollfd] = []
    /// One per source, in their order; nil for a descriptor.
    private var sockets: [ZeroMQSocket?] = []
    private var found: [Interest]

    public init(_ sources: [(source: Source, interest: Interest)]) {
        for (source, interest) in sources {
            switch source {
            case .socket(let socket):
                sockets.append(socket)
                items.append(pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0))
            case .descriptor(let descriptor):
                precondition(descriptor >= 0, "A descriptor is never negative.")
                sockets.append(nil)
                items.append(pollfd(fd: descriptor, events: interest.polled, revents: 0))
            }
        }
        found = Array(repeating: [], count: items.count)
    }

    /// Waits until a source is ready. A signal ends the wait early.
    /// - Parameter milliseconds: The longest wait; -1 for ever, 0 not at all. Begins anew when something happens in a socket that is no message.
    /// - Returns: How many sources are ready.
    /// - Throws: `ZeroMQError` when a source is not valid any more, which is a bug of the caller.
    public mutating func wait(milliseconds: Int32) throws(ZeroMQError) -> Int {
        var ready = try askUsedSockets()
        repeat {
            let signalled = poll(&items, nfds_t(items.count), ready > 0 ? 0 : milliseconds)
            if signalled == 0 { break }
            guard signalled > 0 else {
                guard errno == EINTR else { throw ZeroMQError(code: errno, operation: "poll \(items.count) sources") }
                break
            }
            ready += try takeSignalled()
        } while ready == 0 && milliseconds != 0
        return ready
    }

    /// - Returns: In how many of them a message waits already.
    private mutating func askUsedSockets() throws(ZeroMQError) -> Int {
        var ready = 0
        for (index, socket) in sockets.enumerated() {
            found[index] = []
            guard let socket, socket.mayHoldMessage, try socket.holdsMessage() else { continue }
            found[index] = .readable
            ready += 1
        }
        return ready
    }

    /// - Returns: How many sources turned out to be ready besides those that are known to be.
    private mutating func takeSignalled() throws(ZeroMQError) -> Int {
        var ready = 0
        for (index, item) in items.enumerated() where item.revents != 0 && found[index].isEmpty {
            if let socket = sockets[index] {
                guard try socket.holdsMessage() else { continue }
                found[index] = .readable
            } else {
                guard item.revents & Int16(POLLNVAL) == 0 else {
                    throw ZeroMQError(code: EBADF, operation: "poll descriptor \(item.fd)")
                }
                found[index] = Interest(polled: item.revents)
            }
            ready += 1
        }
        return ready
    }

    /// What source number `index` was found ready for by the last `wait`.
    public func readiness(at index: Int) -> Interest { found[index] }
}

extension PollSet.Interest {
    fileprivate var polled: Int16 {
        Int16((contains(.readable) ? POLLIN : 0) | (contains(.writable) ? POLLOUT : 0))
    }

    fileprivate init(polled events: Int16) {
        self = []
        let events = Int32(events)
        if events & POLLIN != 0 { insert(.readable) }
        if events & POLLOUT != 0 { insert(.writable) }
        if events & (POLLERR | POLLHUP) != 0 { insert(.failed) }
    }
}
