internal import CLinux
internal import Glibc

/// Accepts TCP connections on one address.
public final class TCPListener {
    /// Where it listens; with the port that the system chose when the address had port 0.
    public let address: SocketAddress
    private let loop: EventLoop
    private let descriptor: Descriptor
    private var watch: Watch?

    /// Listens at once and until `close`.
    /// - Parameters:
    ///   - address: The port 0 lets the system choose one.
    ///   - loop: Calls the handlers.
    ///   - options: Of the connections.
    ///   - accepted: Called with each new connection before any of its events; returns the handler of those.
    /// - Throws: `SystemError` when the address is taken or not ours.
    public init(
        on address: SocketAddress,
        loop: EventLoop,
        options: TCPConnection.Options = TCPConnection.Options(),
        accepted: @escaping (TCPConnection) -> (TCPConnection, TCPConnection.Event) -> Void
    ) throws(SystemError) {
        let raw = try systemCall("create a socket for \(address)") {
            socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        let descriptor = Descriptor(takingOwnershipOf: raw)
        var one: Int32 = 1
        // Without it a restart waits for old connections to time out; no other effect.
        _ = setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout.size(ofValue: one)))
        try systemCall("listen on \(address)") { address.withPointer { bind(raw, $0, $1) } }
        try systemCall("listen on \(address)") { listen(raw, 64) }
        self.address = try Self.name(of: raw)
        self.loop = loop
        self.descriptor = descriptor
        watch = loop.watch(descriptor: raw, for: "TCP connections") { [unowned loop] _ in
            Self.accept(from: raw, loop: loop, options: options, accepted: accepted)
        }
    }

    deinit { close() }

    /// Accepts nothing more. Connections that were accepted live on.
    public func close() {
        if let watch { loop.unwatch(watch) }
        watch = nil
        // What waits to be accepted, and whoever comes, is refused from now on.
        _ = shutdown(descriptor.raw, Int32(SHUT_RDWR))
    }

    private static func accept(
        from listener: Int32,
        loop: EventLoop,
        options: TCPConnection.Options,
        accepted: (TCPConnection) -> (TCPConnection, TCPConnection.Event) -> Void
    ) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout.size(ofValue: storage))
        let raw = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.accept(listener, $0, &length) }
        }
        // The peer has given up, or no descriptor is left: the next iteration tries again.
        guard raw >= 0 else { return }
        _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
        _ = fcntl(raw, F_SETFL, O_NONBLOCK)
        let peer = withUnsafeBytes(of: storage) { SocketAddress(bytes: Array($0.prefix(Int(length)))) }
        let relay = Relay()
        let connection = TCPConnection(takingOwnershipOf: raw, peer: peer, loop: loop, options: options) {
            relay.handler?($0, $1)
        }
        relay.handler = accepted(connection)
    }

    /// Gives a connection its handler after it exists.
    private final class Relay {
        var handler: ((TCPConnection, TCPConnection.Event) -> Void)?
    }

    private static func name(of socket: Int32) throws(SystemError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout.size(ofValue: storage))
        try systemCall("read an own address") {
            withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
            }
        }
        return withUnsafeBytes(of: storage) { SocketAddress(bytes: Array($0.prefix(Int(length)))) }
    }
}
