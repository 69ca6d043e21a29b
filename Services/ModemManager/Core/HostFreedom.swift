internal import Primitives

/// Whether the machine could be started anew without ending anybody's transaction. What is not known counts as one.
struct HostFreedom: Equatable, Sendable {
    /// States come again every minute; older ones are of a gateway that died.
    static let validity = Duration.seconds(180)
    /// A deadline that is met so much too late was not the loop's to meet: the process got no CPU, and what was said meanwhile still waits.
    static let standstill = Duration.seconds(1)
    /// After that so long, until what waits has been taken in.
    static let catchingUp = Duration.seconds(5)

    private struct Connector: Equatable {
        var hasTransaction: Bool
        var at: Duration
    }

    private var connectors: [Int: Connector] = [:]
    private var stoodStillAt: Duration?

    mutating func told(id: Int, hasTransaction: Bool, at moment: Moment) {
        guard connectors.count < 1000 || connectors[id] != nil else { return }
        connectors[id] = Connector(hasTransaction: hasTransaction, at: moment.uptime)
    }

    /// To be told of each event before it is taken, with what should have happened next; nil where nothing was planned.
    mutating func observe(due: Duration?, at moment: Moment) {
        if let due, moment.uptime - due > Self.standstill { stoodStillAt = moment.uptime }
    }

    mutating func forget() { connectors.removeAll() }

    func isFree(at moment: Moment) -> Bool {
        if let stoodStillAt, moment.uptime < stoodStillAt + Self.catchingUp { return false }
        let known = connectors.filter { $0.key > 0 }
        guard !known.isEmpty else { return false }
        return known.values.allSatisfy { !$0.hasTransaction && moment.uptime < $0.at + Self.validity }
    }
}
