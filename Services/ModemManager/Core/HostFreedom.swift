internal import Primitives

/// Whether the machine could be started anew without ending anybody's transaction. What is not known counts as one.
struct HostFreedom: Equatable, Sendable {
    /// States come again every minute; older ones are of a gateway that died.
    static let validity = Duration.seconds(180)

    private struct Connector: Equatable {
        var hasTransaction: Bool
        var at: Duration
    }

    private var connectors: [Int: Connector] = [:]

    mutating func told(id: Int, hasTransaction: Bool, at moment: Moment) {
        guard connectors.count < 1000 || connectors[id] != nil else { return }
        connectors[id] = Connector(hasTransaction: hasTransaction, at: moment.uptime)
    }

    mutating func forget() { connectors.removeAll() }

    func isFree(at moment: Moment) -> Bool {
        let known = connectors.filter { $0.key > 0 }
        guard !known.isEmpty else { return false }
        return known.values.allSatisfy { !$0.hasTransaction && moment.uptime < $0.at + Self.validity }
    }
}
