internal import BusSchema

/// How much may wait for each subscriber of a publisher, and who is too far behind.
///
/// What waits for a peer is not known, but bounded: when the kernel has nothing left to deliver to it, nothing waited before; so what
/// was published since that was last seen is the most that can wait now.
struct UnreadLedger {
    /// Bytes published so far.
    private var published = 0
    private var lookedAt = 0
    /// Value of `published` when nothing waited for that peer.
    private var readUpTo: [UInt64: Int] = [:]

    mutating func add(_ peer: UInt64) { readUpTo[peer] = published }

    mutating func forget(_ peer: UInt64) { readUpTo[peer] = nil }

    /// So many bytes were published for whoever wants them.
    /// - Parameters:
    ///   - bytes: How many.
    ///   - hasReadAll: Asked for each peer now and then; whether nothing waits for it.
    /// - Returns: Who must be cut, the farthest behind first. They are forgotten.
    mutating func publish(_ bytes: Int, hasReadAll: (UInt64) -> Bool) -> [UInt64] {
        published += bytes
        guard published - lookedAt >= BusLimits.unreadBytesPerPeer / 8 else { return [] }
        lookedAt = published
        var waiting: [(peer: UInt64, bytes: Int)] = []
        for (peer, start) in readUpTo {
            if hasReadAll(peer) { readUpTo[peer] = published } else { waiting.append((peer, published - start)) }
        }
        var total = waiting.reduce(0) { $0 + $1.bytes }
        var excess: [UInt64] = []
        for (peer, bytes) in waiting.sorted(by: { $0.bytes > $1.bytes }) {
            guard bytes > BusLimits.unreadBytesPerPeer || total > BusLimits.unreadBytes else { break }
            forget(peer)
            total -= bytes
            excess.append(peer)
        }
        return excess
    }
}
