import Testing

@testable import Bus

@Suite struct SubscriptionIndexTests {
    private func index(_ all: (topic: String, subscriber: Int)...) -> SubscriptionIndex {
        var index = SubscriptionIndex()
        for (topic, subscriber) in all { index.insert(Array(topic.utf8), for: subscriber) }
        return index
    }

    private func wanting(_ topic: String, _ index: SubscriptionIndex) -> [Int] {
        index.subscribers(of: Array(topic.utf8)).sorted()
    }

    @Test func aTopicIsCoveredByItsBeginningsAndBySuchOnly() {
        let index = index(("hardware.card", 1), ("ocpp", 2))
        #expect(index.covers("hardware.card"))
        #expect(index.covers("ocpp.status"))
        #expect(!index.covers("hardware.car"))
        #expect(!index.covers("hardware.meter"))
        #expect(!SubscriptionIndex().covers(""))
    }

    @Test func everyoneWhoAskedForABeginningIsFoundOnce() {
        let index = index(("", 1), ("hardware", 1), ("hardware.card", 2), ("ocpp", 3))
        #expect(wanting("hardware.card", index) == [1, 2])
        #expect(wanting("ocpp.status", index) == [1, 3])
        #expect(wanting("hardware", index) == [1])
    }

    @Test func whatOneTakesBackStaysForTheOther() {
        var index = index(("a.1", 1), ("a.1", 2), ("a.2", 1))
        index.remove(Array("a.1".utf8), for: 1)
        index.remove(Array("a.1".utf8), for: 1)
        index.remove(Array("b".utf8), for: 1)
        #expect(wanting("a.1", index) == [2])
        #expect(wanting("a.2", index) == [1])
    }

    /// An answer takes a step per length: what is not asked for any more must cost none.
    @Test func whatIsTakenBackCostsNothingAnyMore() {
        var index = index(("a", 1), ("ab", 1), ("ac", 1), ("ac", 2))
        for topic in ["ab", "ac"] { index.remove(Array(topic.utf8), for: 1) }
        #expect(index.lengths == [1: 1, 2: 1])
        index.remove(Array("ac".utf8), for: 2)
        #expect(index.lengths == [1: 1])
        index.remove(Array("a".utf8), for: 1)
        #expect(index.isEmpty)
    }
}
