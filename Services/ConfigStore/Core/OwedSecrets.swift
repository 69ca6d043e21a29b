internal import BusSchema
internal import Primitives

/// Secrets whose owners could not be given them, because the runtime folder was full or somebody changed it: each is handed over again after a
/// wait that doubles, until it is done. An owner without its secret may be a charger that nobody reaches any more.
struct OwedSecrets: Equatable, Sendable {
    private struct Debt: Equatable {
        var wait: Duration
        /// Nil while it is being handed over: done, unless a failure is the next event.
        var due: Duration?
    }

    static let firstWait = Duration.seconds(1)
    static let longestWait = Duration.seconds(60)

    /// By key in lower case.
    private var debts: [String: Debt] = [:]
    /// What was ordered last; what stands behind a failure in it is still to be done.
    private var ordered: [ConfigEffect] = []

    var nextDeadline: Deadline? {
        Deadline(at: debts.values.lazy.compactMap(\.due).min(), for: "a secret is handed over again")
    }

    /// A key whose turn it is, in lower case.
    func due(at uptime: Duration) -> String? {
        debts.filter { $0.value.due.map { $0 <= uptime } ?? false }.keys.min()
    }

    /// Nobody says that what was ordered before failed.
    mutating func succeeded() {
        ordered = []
        debts = debts.filter { $0.value.due != nil }
    }

    /// Orders effects, of which each may fail without the others being left out.
    mutating func order(_ effects: [ConfigEffect]) -> [ConfigEffect] {
        ordered = effects
        for case .handOver(_, let key, _) in effects { debts[key.lowercased()]?.due = nil }
        return effects
    }

    /// The key has no owner any more who waits for it.
    mutating func forget(_ key: String) { debts[key.lowercased()] = nil }

    /// What to log behind the handing over of that key, if it failed before.
    func settlement(of key: String) -> ConfigEffect? {
        guard debts[key.lowercased()] != nil else { return nil }
        return .log(LogRecord(.notice, "a secret is handed over again", .init("key", key)))
    }

    /// - Returns: What to log: once, however often it is tried again.
    mutating func failed(_ key: String, _ reason: String, at uptime: Duration) -> [ConfigEffect] {
        let known = debts[key.lowercased()]
        let wait = known.map { min($0.wait * 2, Self.longestWait) } ?? Self.firstWait
        debts[key.lowercased()] = Debt(wait: wait, due: uptime + wait)
        guard known == nil else { return [] }
        let words = "a secret cannot be handed over; it is tried again until it is"
        return [.log(LogRecord(.error, words, .init("key", key), .init("why", reason)))]
    }

    /// What was ordered behind the handing over of that key, which failed.
    mutating func rest(after key: String) -> [ConfigEffect] {
        let index = ordered.firstIndex { effect in
            guard case .handOver(_, let candidate, _) = effect else { return false }
            return candidate.lowercased() == key.lowercased()
        }
        guard let index else { return [] }
        ordered.removeFirst(index + 1)
        // That it is done is not so.
        if case .log = ordered.first { ordered.removeFirst() }
        return ordered
    }
}
