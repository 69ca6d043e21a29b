/// Who wants what: beginnings of topics, and the subscribers that asked for each. Finding those of a topic takes as many steps as there are
/// different lengths of beginnings, and one for each that is found; forgetting one takes a step for each of its topics. Neither depends on how
/// many subscribers there are otherwise.
struct SubscriptionIndex {
    private var subscribers: [[UInt8]: Set<Int>] = [:]
    /// How many beginnings there are of each length.
    private(set) var lengths: [Int: Int] = [:]

    var isEmpty: Bool { subscribers.isEmpty }

    mutating func insert(_ topic: [UInt8], for subscriber: Int) {
        if subscribers[topic, default: []].isEmpty { lengths[topic.count, default: 0] += 1 }
        subscribers[topic, default: []].insert(subscriber)
    }

    mutating func remove(_ topic: [UInt8], for subscriber: Int) {
        guard subscribers[topic]?.remove(subscriber) != nil, subscribers[topic]?.isEmpty == true else { return }
        subscribers[topic] = nil
        guard let count = lengths[topic.count] else { return }
        lengths[topic.count] = count > 1 ? count - 1 : nil
    }

    /// Whether anybody wants `topic`.
    func covers(_ topic: some StringProtocol) -> Bool {
        guard !isEmpty else { return false }
        let bytes = Array(topic.utf8)
        return lengths.keys.contains { $0 <= bytes.count && subscribers[Array(bytes[..<$0])] != nil }
    }

    /// All who want `topic`, each once.
    func subscribers(of topic: [UInt8]) -> Set<Int> {
        var found: Set<Int> = []
        for length in lengths.keys where length <= topic.count {
            guard let some = subscribers[Array(topic[..<length])] else { continue }
            if found.isEmpty { found = some } else { found.formUnion(some) }
        }
        return found
    }
}
