internal import CLinux
internal import Glibc

/// A UDP socket that talks to one peer and never blocks, if asked for through one network interface only.
public final class DatagramSocket {
    private let loop: EventLoop
    private let peer: SocketAddress
    private let descriptor: Int32
    private var watch: Watch?
    private let handler: (Result<[UInt8], SystemError>) -> Void
    /// What is read of one datagram; more is cut off.
    private static let readSize = 4096

    /// - Parameters:
    ///   - peer: Where everything is sent, and the only one that is heard.
    ///   - interface: Through this one alone (`SO_BINDTODEVICE`, socket(7)); nil leaves it to the routes.
    ///   - loop: Calls the handler, and keeps the socket until `close`.
    ///   - handler: Gets each datagram, and what the network says of ours (refused, unreachable).
    /// - Throws: `SystemError` when there is no way to `peer` at all, or no such interface.
    public init(
        to peer: SocketAddress,
        interface: String? = nil,
        loop: EventLoop,
        handler: @escaping (Result<[UInt8], SystemError>) -> Void
    ) throws(SystemError) {
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = try systemCall("create a socket for \(peer)") { socket(peer.family, type, 0) }
        do throws(SystemError) {
            if let interface { try bindToDevice(descriptor, interface) }
            try systemCall("connect \(peer)") { peer.withPointer { Glibc.connect(descriptor, $0, $1) } }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        self.loop = loop
        self.peer = peer
        self.descriptor = descriptor
        self.handler = handler
        // The handler holds the socket; closing ends the watch and lets it go.
        watch = loop.watch(descriptor: descriptor, for: "a datagram socket") { [self] _ in receive() }
    }

    /// - Throws: `SystemError` when it cannot be sent now.
    public func send(_ bytes: [UInt8]) throws(SystemError) {
        try systemCall("send to \(peer)") { Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Nothing is reported any more. Legal twice.
    public func close() {
        guard let watch else { return }
        loop.unwatch(watch)
        self.watch = nil
        Glibc.close(descriptor)
    }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: Self.readSize)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count >= 0 {
            handler(.success(Array(buffer.prefix(count))))
        } else if errno != EAGAIN, errno != EINTR {
            handler(.failure(SystemError(code: errno, operation: "receive from \(peer)")))
        }
    }
}

/// Makes a socket use one interface alone. Since Linux 5.7 whoever made the socket may do it once, without privilege.
/// - Throws: `SystemError`, ENODEV when there is no such interface.
func bindToDevice(_ descriptor: Int32, _ interface: String) throws(SystemError) {
    let name = Array(interface.utf8)
    try systemCall("use the interface \(interface)") {
        setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.count))
    }
}
