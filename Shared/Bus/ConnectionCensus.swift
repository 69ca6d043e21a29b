internal import EventLoop

/// Who is connected to a socket of libzmq's, by the descriptors of this process: libzmq accepts whoever comes, and says nothing of it.
enum ConnectionCensus {
    /// Connections to the socket at `path` that are beyond their users' shares. They belong to libzmq, which may have closed one, and have
    /// accepted another under its number, before anybody looks at it again.
    /// - Returns: Their descriptors, each with its user.
    static func surplus(at path: String) -> [(descriptor: Int32, user: UInt32)] {
        var shares = ConnectionShares()
        var surplus: [(descriptor: Int32, user: UInt32)] = []
        for descriptor in 0..<Int32(DescriptorLimit.mostWithStrangers) {
            guard let user = LocalSocket.peer(of: descriptor)?.user, LocalSocket.path(of: descriptor) == path,
                !LocalSocket.isListeningStream(descriptor)
            else { continue }
            if !shares.add(user) { surplus.append((descriptor, user)) }
        }
        return surplus
    }
}
