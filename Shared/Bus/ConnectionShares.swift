internal import BusSchema

/// How many connections each user has, and whether he may have another one. So nobody can take away the room of others: a service is a user,
/// too, or at least not the one who floods it.
struct ConnectionShares {
    private var counts: [UInt32: Int] = [:]
    private var total = 0

    /// Counts a connection that has come.
    /// - Parameter user: At its other end.
    /// - Returns: Whether there is room for it; otherwise it is not counted.
    mutating func add(_ user: UInt32) -> Bool {
        let own = counts[user, default: 0]
        guard own < share else { return false }
        counts[user] = own + 1
        total += 1
        return true
    }

    /// A connection that was counted has ended.
    mutating func remove(_ user: UInt32) {
        guard let own = counts[user] else { return }
        counts[user] = own > 1 ? own - 1 : nil
        total -= 1
    }

    /// Connections of that user.
    func count(_ user: UInt32) -> Int { counts[user, default: 0] }

    /// What a user may have now: the room that is left beyond `connections` is for those who have next to nothing.
    private var share: Int {
        if total < BusLimits.connections { return BusLimits.connectionsPerUser }
        return total < BusLimits.connections + BusLimits.reservedConnections ? BusLimits.fewConnections : 0
    }
}
