import Testing

@testable import Bus

@Suite struct WantedTopicsTests {
    private func topics(_ all: String...) -> WantedTopics {
        var topics = WantedTopics()
        for topic in all { topics.insert(Array(topic.utf8)) }
        return topics
    }

    @Test func aTopicIsCoveredByItsBeginningsAndBySuchOnly() {
        let topics = topics("hardware.card", "ocpp")
        #expect(topics.covers("hardware.card"))
        #expect(topics.covers("ocpp.status"))
        #expect(!topics.covers("hardware.car"))
        #expect(!topics.covers("hardware.meter"))
        #expect(!WantedTopics().covers(""))
    }

    @Test func oneOfTwoTopicsOfALengthIsTakenBackAndTheOtherStays() {
        var topics = topics("a.1", "a.2")
        topics.remove(Array("a.1".utf8))
        topics.remove(Array("a.1".utf8))
        #expect(!topics.covers("a.1"))
        #expect(topics.covers("a.2"))
    }

    /// An answer takes a step per length: what is not asked for any more must cost none.
    @Test func whatIsTakenBackCostsNothingAnyMore() {
        var topics = topics("a", "ab", "ac")
        for topic in ["ab", "ac"] { topics.remove(Array(topic.utf8)) }
        #expect(topics.lengths == [1: 1])
    }
}
