internal import Primitives

/// Whether the machine could be started anew without ending anybody's transaction. What is not known counts as one.
///
/// What was told by itself may be older than it seems: a process that gets no CPU takes it in late, and meets its deadlines first. It is good for
/// "no" alone. "Yes" is the answer to a question that was asked just now.
struct HostFreedom: Equatable, Sendable {
    /// States come again every minute; older ones are of a gateway that died.
    static let validity = Duration.seconds(180)
    /// How old the answer to a question may be, counted from the question.
    static let freshness = Duration.milliseconds(500)
    /// How long an answer is waited for; what was asked before is given up then.
    static let patience = Duration.seconds(10)

    private struct Connector: Equatable {
        var hasTransaction: Bool
        var at: Duration
    }

    private struct Question: Equatable {
        var at: Duration
        var uplink: Int
    }

    private var connectors: [Int: Connector] = [:]
    /// The last question: when it was asked, and for which uplink.
    private var question: Question?
    /// When the question was asked that was answered last.
    private var confirmedAt: Duration?

    mutating func told(id: Int, hasTransaction: Bool, at moment: Moment) {
        guard connectors.count < 1000 || connectors[id] != nil else { return }
        connectors[id] = Connector(hasTransaction: hasTransaction, at: moment.uptime)
    }

    mutating func forget() { connectors.removeAll() }

    /// - Returns: Whether the gateway is to be asked now; not where it was asked a moment ago, and did not answer well.
    mutating func ask(for uplink: Int, at moment: Moment) -> Bool {
        if let question, moment.uptime < question.at + Self.patience * 2 { return false }
        question = Question(at: moment.uptime, uplink: uplink)
        return true
    }

    /// Takes the answer to the question of that time: all connectors that there are.
    /// - Returns: For which uplink it was asked, where it is a yes, and good for a moment.
    mutating func answered(_ asked: Duration, _ transactions: [Int: Bool], at moment: Moment) -> Int? {
        guard let question, question.at == asked else { return nil }
        forget()
        for (id, hasTransaction) in transactions { told(id: id, hasTransaction: hasTransaction, at: moment) }
        confirmedAt = asked
        return isConfirmed(at: moment) && isFree(at: moment) ? question.uplink : nil
    }

    /// Whether what is known is the answer to a question that was asked just now.
    func isConfirmed(at moment: Moment) -> Bool {
        confirmedAt.map { moment.uptime <= $0 + Self.freshness } ?? false
    }

    func isFree(at moment: Moment) -> Bool {
        let known = connectors.filter { $0.key > 0 }
        guard !known.isEmpty else { return false }
        return known.values.allSatisfy { !$0.hasTransaction && moment.uptime < $0.at + Self.validity }
    }
}
