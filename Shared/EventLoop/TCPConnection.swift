internal import CLinux
internal import Glibc
internal import Primitives

/// One TCP connection, as client or server, never blocking. What the peer and the network do arrives as events.
///
/// After `closed` no event follows. The connection is kept by the loop while it is open.
public final class TCPConnection {
    public enum Event: Equatable, Sendable {
        /// The peer has accepted; only for connections that we opened, always first.
        case connected
        case received([UInt8])
        /// The peer sends nothing more; what we write may still arrive.
        case endReached
        /// Everything written so far has been handed to the kernel, after a `write` that had to wait.
        case drained
        /// The connection is gone; nil when `close` did it.
        case closed(SystemError?)
    }

    /// What became of bytes given to `write`.
    public enum WriteOutcome: Equatable, Sendable {
        case accepted
        /// The write buffer would exceed its limit; nothing was taken.
        case full
        /// The connection is not open; nothing was taken.
        case notOpen
    }

    public struct Options: Sendable {
        /// Bytes that may wait in the process to be sent.
        public var writeBuffer = 1024 * 1024
        /// How long sent data may stay unacknowledged, and a connection attempt unanswered, before the connection is given up
        /// (`TCP_USER_TIMEOUT`).
        public var userTimeout = Duration.seconds(30)
        /// Only through this network interface (`SO_BINDTODEVICE`); nil leaves it to the routes.
        public var interface: String?

        public init() {}
    }

    private enum State {
        /// Until the socket becomes writable. Next: open, closed.
        case connecting
        /// Bytes may be exchanged. Next: closing, closed.
        case open
        /// `closeAfterWriting` was called and bytes wait. Next: closed.
        case closing
        /// The descriptor is closed; nothing happens any more.
        case closed
    }

    public let peer: SocketAddress
    private let loop: EventLoop
    private let options: Options
    private let handler: (TCPConnection, Event) -> Void
    private var state: State
    private var descriptor: Int32
    private var watch: Watch?
    private var pending: [UInt8] = []
    private var pendingStart = 0
    private var isEndReached = false
    private static let readSize = 16 * 1024

    /// Starts to connect to `peer`.
    /// - Returns: The connection, which reports `connected` or `closed`, never before this returns.
    /// - Throws: `SystemError` when there is no way to `peer` at all.
    @discardableResult
    public static func connect(
        to peer: SocketAddress,
        loop: EventLoop,
        options: Options = Options(),
        handler: @escaping (TCPConnection, Event) -> Void
    ) throws(SystemError) -> TCPConnection {
        let descriptor = try systemCall("create a socket for \(peer)") {
            socket(peer.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        if let interface = options.interface {
            do throws(SystemError) {
                try bindToDevice(descriptor, interface)
            } catch {
                Glibc.close(descriptor)
                throw error
            }
        }
        let result = peer.withPointer { Glibc.connect(descriptor, $0, $1) }
        let code = errno
        guard result == 0 || code == EINPROGRESS || code == EINTR else {
            Glibc.close(descriptor)
            throw SystemError(code: code, operation: "connect \(peer)")
        }
        return TCPConnection(descriptor, peer: peer, state: .connecting, loop, options, handler)
    }

    /// Takes over a connected, non-blocking socket, from a listener.
    init(
        takingOwnershipOf descriptor: Int32,
        peer: SocketAddress,
        loop: EventLoop,
        options: Options,
        handler: @escaping (TCPConnection, Event) -> Void
    ) {
        self.descriptor = descriptor
        self.peer = peer
        self.loop = loop
        self.options = options
        self.handler = handler
        state = .open
        start(interest: .readable)
    }

    private init(
        _ descriptor: Int32,
        peer: SocketAddress,
        state: State,
        _ loop: EventLoop,
        _ options: Options,
        _ handler: @escaping (TCPConnection, Event) -> Void
    ) {
        self.descriptor = descriptor
        self.peer = peer
        self.loop = loop
        self.options = options
        self.handler = handler
        self.state = state
        start(interest: .writable)
    }

    private func start(interest: Watch.Interest) {
        if peer.family != AF_UNIX {
            setOption(TCP_NODELAY, 1)
            setOption(TCP_USER_TIMEOUT, Int32(clamping: options.userTimeout.wholeMilliseconds))
        }
        // The handler holds the connection; closing ends the watch and lets it go.
        watch = loop.watch(descriptor: descriptor, interest: interest, for: "a TCP connection") { [self] in isReady($0)
        }
    }

    /// Bytes that wait in the process to be sent.
    public var unsentBytes: Int { pending.count - pendingStart }

    /// Whether bytes can be written.
    public var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Stop and go on reading; a peer that sends faster than we work then waits. Not while connecting.
    public var isReading = true {
        didSet { updateInterest() }
    }

    /// Sends `bytes`, at once as far as the kernel takes them, the rest later.
    public func write(_ bytes: [UInt8]) -> WriteOutcome {
        guard isOpen else { return .notOpen }
        guard unsentBytes + bytes.count <= options.writeBuffer else { return .full }
        if unsentBytes > 0 {
            pending += bytes
            return .accepted
        }
        let sent = send(bytes, from: 0)
        if sent < bytes.count {
            pending = Array(bytes[sent...])
            pendingStart = 0
            updateInterest()
        }
        return .accepted
    }

    /// Throws away what has arrived and was not told yet; at most a megabyte, so that a peer that never pauses cannot hold the loop.
    public func discardInput() {
        guard isOpen, !isEndReached else { return }
        var waste = [UInt8](repeating: 0, count: Self.readSize)
        for _ in 0..<64 where recv(descriptor, &waste, waste.count, 0) < waste.count { return }
    }

    /// Closes once everything written has been handed to the kernel.
    public func closeAfterWriting() {
        guard isOpen else { return close() }
        guard unsentBytes > 0 else { return close() }
        state = .closing
    }

    /// Closes now and drops what waits. The event `closed` follows after the current handler.
    public func close() { end(nil) }

    // MARK: - Events of the socket

    private func isReady(_ readiness: Watch.Interest) {
        switch state {
        case .connecting: finishConnecting()
        case .open, .closing:
            if readiness.contains(.writable) { flush() }
            if !readiness.isDisjoint(with: [.readable, .failed]) { receive(readiness) }
        case .closed: break
        }
    }

    private func finishConnecting() {
        let code = takeError()
        guard code == 0 else { return end(SystemError(code: code, operation: "connect \(peer)")) }
        state = .open
        updateInterest()
        handler(self, .connected)
    }

    private func receive(_ readiness: Watch.Interest) {
        // Closed by the handler of an event just before.
        guard descriptor >= 0 else { return }
        guard isReading, !isEndReached else {
            // Not reading, so that only an error or the end of both directions brings us here.
            let code = takeError()
            return end(SystemError(code: code == 0 ? ECONNRESET : code, operation: "receive from \(peer)"))
        }
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.readSize) { buffer, initialized in
            count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            initialized = max(count, 0)
        }
        if count > 0 {
            handler(self, .received(bytes))
        } else if count == 0 {
            isEndReached = true
            updateInterest()
            handler(self, .endReached)
        } else if errno != EAGAIN, errno != EINTR {
            end(SystemError(code: errno, operation: "receive from \(peer)"))
        }
    }

    private func flush() {
        guard unsentBytes > 0 else { return }
        pendingStart += send(pending, from: pendingStart)
        guard unsentBytes == 0, state != .closed else { return compact() }
        pending.removeAll()
        pendingStart = 0
        if case .closing = state { return close() }
        updateInterest()
        handler(self, .drained)
    }

    private func compact() {
        guard pendingStart > pending.count / 2 else { return }
        pending.removeFirst(pendingStart)
        pendingStart = 0
    }

    /// - Returns: How many of the bytes from `start` on the kernel took. An error ends the connection.
    private func send(_ bytes: [UInt8], from start: Int) -> Int {
        var sent = 0
        while start + sent < bytes.count {
            let result = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[(start + sent)...])
                return Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if result >= 0 {
                sent += result
            } else if errno == EAGAIN {
                break
            } else if errno != EINTR {
                end(SystemError(code: errno, operation: "send to \(peer)"))
                break
            }
        }
        return sent
    }

    private func end(_ error: SystemError?) {
        guard descriptor >= 0 else { return }
        state = .closed
        if let watch { loop.unwatch(watch) }
        watch = nil
        Glibc.close(descriptor)
        descriptor = -1
        pending.removeAll()
        pendingStart = 0
        // Deferred, so that `write` and `close` never call back into a caller that is in the middle of something.
        loop.enqueue { [self] in handler(self, .closed(error)) }
    }

    private func updateInterest() {
        guard let watch, state != .connecting else { return }
        var interest: Watch.Interest = []
        if isReading, !isEndReached { interest.insert(.readable) }
        if unsentBytes > 0 { interest.insert(.writable) }
        loop.modify(watch, interest: interest)
    }

    private func takeError() -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout.size(ofValue: code))
        let result = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return result == 0 ? code : errno
    }

    private func setOption(_ option: Int32, _ value: Int32) {
        var value = value
        // A kernel without the option only loses comfort.
        _ = setsockopt(descriptor, Int32(IPPROTO_TCP), option, &value, socklen_t(MemoryLayout.size(ofValue: value)))
    }
}
