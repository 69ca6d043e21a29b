internal import BusSchema
internal import EventLoop
internal import Glibc
internal import ZeroMQ

/// What each subscriber costs its publisher, connection by connection, and the end of those that cost too much.
///
/// libzmq keeps every topic that a peer asks for, and up to `publishQueue` messages for a peer that does not read, whatever their size.
/// Neither can be limited in bytes there, so both are counted here, and a connection above its share is shut down: libzmq then forgets
/// its topics and its queue. The peer, if it is one of ours, connects again and gets the states anew.
struct PeerLedger {
    /// Why a connection was shut down.
    enum Excess: String {
        case subscriptions = "it asked for too many or too long topics"
        case unread = "it does not read what it asked for"
    }

    /// One connection. The descriptor belongs to libzmq, so it counts only together with the number of the socket behind it.
    private struct Peer {
        let descriptor: Int32
        /// The process at its other end; nil when the kernel does not say.
        let process: Int32?
        var subscriptions = 0
        var topicBytes = 0

        func isThere(_ socket: UInt64) -> Bool { PeerLedger.socketNumber(descriptor) == socket }

        var hasReadAll: Bool {
            var waiting: Int32 = 0
            return ioctl(descriptor, UInt(TIOCOUTQ), &waiting) == 0 && waiting == 0
        }
    }

    /// Connections that were shut down so far.
    private(set) var cuts = 0

    /// Where subscribers connect to.
    private let path: String
    private var peers: [UInt64: Peer] = [:]
    private var unread = UnreadLedger()

    /// - Parameter path: Of the socket file that subscribers connect to.
    init(path: String) { self.path = path }

    /// A message from a subscriber has come.
    ///
    /// What a connection sent before it was shut down comes in still, and by then its number may be that of somebody else. Whoever is no
    /// subscriber, or another process than the one that sent the message, must not pay for it.
    /// - Returns: Why the connection was shut down; nil as long as it is within its share. Ignore the message then.
    mutating func count(subscriptionBytes bytes: Int, from origin: ZeroMQSocket.Origin) -> Excess? {
        // It is gone already: libzmq takes back what it asked for.
        guard let socket = Self.socketNumber(origin.descriptor) else { return nil }
        if peers[socket] == nil {
            guard LocalSocket.path(of: origin.descriptor) == path else { return nil }
            forgetEnded()
            let process = LocalSocket.process(connectedTo: origin.descriptor)
            peers[socket] = Peer(descriptor: origin.descriptor, process: process)
            unread.add(socket)
        }
        if let sender = origin.process, let process = peers[socket]?.process, sender != process { return nil }
        peers[socket]?.subscriptions += 1
        peers[socket]?.topicBytes += bytes
        guard let peer = peers[socket],
            peer.subscriptions > BusLimits.subscriptionsPerPeer || peer.topicBytes > BusLimits.topicBytesPerPeer
        else { return nil }
        cut(peer, socket)
        return .subscriptions
    }

    /// Sockets end unnoticed by us; newcomers are the occasion to forget those.
    private mutating func forgetEnded() {
        for (socket, peer) in peers where !peer.isThere(socket) {
            peers[socket] = nil
            unread.forget(socket)
        }
    }

    /// So many bytes were given to libzmq for whoever wants them.
    /// - Returns: Why connections were shut down, one entry each.
    mutating func count(publishedBytes bytes: Int) -> [Excess] {
        let excess = unread.publish(bytes) { socket in
            guard let peer = peers[socket], peer.isThere(socket) else { return true }
            return peer.hasReadAll
        }
        for socket in excess { if let peer = peers[socket] { cut(peer, socket) } }
        return excess.map { _ in .unread }
    }

    private mutating func cut(_ peer: Peer, _ socket: UInt64) {
        // Once: what it sent before comes in still, and is not counted again.
        peers[socket]?.subscriptions = .min / 2
        peers[socket]?.topicBytes = .min / 2
        unread.forget(socket)
        guard peer.isThere(socket) else { return }
        shutdown(peer.descriptor, Int32(SHUT_RDWR))
        cuts += 1
    }

    /// The number that the kernel gives to the socket behind a descriptor, unlike any other's; nil when it is no socket.
    private static func socketNumber(_ descriptor: Int32) -> UInt64? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return UInt64(status.st_ino)
    }
}
