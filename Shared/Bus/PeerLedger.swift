internal import BusSchema
internal import EventLoop
internal import Glibc
internal import ZeroMQ

/// What each subscriber costs its publisher, connection by connection, and the end of those that cost too much.
///
/// libzmq keeps every topic that a peer asks for, and up to `publishQueue` messages for a peer that does not read, whatever their size.
/// Neither can be limited in bytes there, so both are counted here, and a connection above its share is shut down: libzmq then forgets
/// its topics and its queue. The peer, if it is one of ours, connects again and gets the states anew.
///
/// What waits for a peer is not known, but bounded: when the kernel has nothing left to deliver to it, nothing waited before; so what
/// was published since that was last seen is the most that can wait now.
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
        /// Value of `published` when nothing waited for it.
        var readUpTo: Int

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
    /// Bytes given to libzmq so far.
    private var published = 0
    private var checkedAt = 0

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
            // Sockets end unnoticed by us; newcomers are the occasion to forget those.
            peers = peers.filter { $1.isThere($0) }
            let process = LocalSocket.process(connectedTo: origin.descriptor)
            peers[socket] = Peer(descriptor: origin.descriptor, process: process, readUpTo: published)
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

    /// So many bytes were given to libzmq for whoever wants them.
    /// - Returns: Why connections were shut down, one entry each.
    mutating func count(publishedBytes bytes: Int) -> [Excess] {
        published += bytes
        guard published - checkedAt >= BusLimits.unreadBytesPerPeer / 8 else { return [] }
        checkedAt = published
        var cuts: [Excess] = []
        var waiting: [(socket: UInt64, bytes: Int)] = []
        for (socket, peer) in peers where peer.isThere(socket) {
            if peer.hasReadAll {
                peers[socket]?.readUpTo = published
            } else {
                waiting.append((socket, published - peer.readUpTo))
            }
        }
        // The farthest behind goes first, when all together wait for too much.
        var total = waiting.reduce(0) { $0 + $1.bytes }
        for (socket, bytes) in waiting.sorted(by: { $0.bytes > $1.bytes }) {
            guard bytes > BusLimits.unreadBytesPerPeer || total > BusLimits.unreadBytes, let peer = peers[socket] else {
                break
            }
            cut(peer, socket)
            total -= bytes
            cuts.append(.unread)
        }
        return cuts
    }

    private mutating func cut(_ peer: Peer, _ socket: UInt64) {
        // Once: what it sent before comes in still, and is not counted again.
        peers[socket]?.subscriptions = .min / 2
        peers[socket]?.topicBytes = .min / 2
        peers[socket]?.readUpTo = .max / 2
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
