/// What subscribers ask for: beginnings of topics. Whether one is wanted takes as many steps as there are different lengths of them,
/// however many there are.
struct WantedTopics {
    private var topics: Set<[UInt8]> = []
    /// How many topics there are of each length.
    private(set) var lengths: [Int: Int] = [:]

    var isEmpty: Bool { topics.isEmpty }

    mutating func insert(_ topic: [UInt8]) {
        guard topics.insert(topic).inserted else { return }
        lengths[topic.count, default: 0] += 1
    }

    mutating func remove(_ topic: [UInt8]) {
        guard topics.remove(topic) != nil, let count = lengths[topic.count] else { return }
        lengths[topic.count] = count > 1 ? count - 1 : nil
    }

    /// Whether `topic` begins with one that is asked for.
    func covers(_ topic: some StringProtocol) -> Bool {
        guard !topics.isEmpty else { return false }
        let bytes = Array(topic.utf8)
        return lengths.keys.contains { $0 <= bytes.count && topics.contains(Array(bytes[..<$0])) }
    }
}
