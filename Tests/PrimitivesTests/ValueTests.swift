import Primitives
import Testing

@Suite struct DeadlinesTests {
    private enum Name: String, DeadlineName { case ping, pong }

    @Test func theEarliestComesFirstAndOnlyWhenDue() {
        var deadlines = Deadlines<Name>()
        deadlines.set(.ping, at: .seconds(10))
        deadlines.set(.pong, at: .seconds(5))
        #expect(deadlines.next == Deadline(at: .seconds(5), for: "pong"))
        let due = [4, 20, 20, 20].map { deadlines.popDue(at: .seconds($0)) }
        #expect(due == [nil, .pong, .ping, nil])
    }

    @Test func aClearedDeadlineNeverFires() {
        var deadlines = Deadlines<Name>()
        deadlines.set(.ping, at: .seconds(1))
        deadlines.clear(.ping)
        let due = deadlines.popDue(at: .seconds(2))
        #expect(deadlines.next == nil)
        #expect(due == nil)
    }

    @Test func deadlinesAtTheSameInstantComeInTheOrderInWhichTheyWereSet() {
        struct Number: DeadlineName {
            let value: Int
            var reason: String { "number" }
        }
        var deadlines = Deadlines<Number>()
        for name in (1...9).map({ Number(value: $0) }) { deadlines.set(name, at: .seconds(5)) }
        deadlines.set(Number(value: 4), at: .seconds(5))
        var order: [Int] = []
        while let name = deadlines.popDue(at: .seconds(5)) { order.append(name.value) }
        #expect(order == [1, 2, 3, 5, 6, 7, 8, 9, 4])
    }
}

@Suite struct PendingCallsTests {
    @Test func callsWithTheSameDeadlineExpireInTheOrderInWhichTheyWereAdded() {
        var calls = PendingCalls<Int, String>(capacity: 9)
        for id in 1...9 { _ = calls.add(id, context: "", deadline: .seconds(5)) }
        var order: [Int] = []
        while let expired = calls.popExpired(at: .seconds(5)) { order.append(expired.id) }
        #expect(order == Array(1...9))
    }

    @Test func anAnswerIsMatchedOnce() {
        var calls = PendingCalls<String, Int>(capacity: 2)
        let added = calls.add("a", context: 1, deadline: .seconds(1))
        let answers = [calls.complete("a"), calls.complete("a")]
        #expect(added)
        #expect(answers == [1, nil])
    }

    @Test func aFullTableAndAPendingIdAreRefused() {
        var calls = PendingCalls<String, Int>(capacity: 2)
        let added = [("a", 1), ("a", 9), ("b", 2), ("c", 3)].map { id, context in
            calls.add(id, context: context, deadline: .seconds(1))
        }
        #expect(added == [true, false, true, false])
        #expect(calls.context(of: "a") == 1)
    }

    @Test func expiredCallsComeInOrderOfTheirDeadline() {
        var calls = PendingCalls<String, Int>(capacity: 4)
        _ = calls.add("late", context: 2, deadline: .seconds(5))
        _ = calls.add("early", context: 1, deadline: .seconds(3))
        #expect(calls.nextDeadline?.at == .seconds(3))
        let expired = [2, 9, 9].map { calls.popExpired(at: .seconds($0))?.id }
        #expect(expired == [nil, "early", "late"])
        #expect(calls.isEmpty)
    }
}

@Suite struct SeededRandomTests {
    @Test func oneSeedReplaysTheSameRun() {
        var first = SeededRandom(seed: 42)
        var second = SeededRandom(seed: 42)
        let runs = ((0..<100).map { _ in first.next() }, (0..<100).map { _ in second.next() })
        #expect(runs.0 == runs.1)
    }

    @Test func aUUIDHasTheFormOfVersion4AndDiffersEachTime() {
        var random = SeededRandom(seed: 1)
        var seen: Set<String> = []
        for _ in 0..<1000 {
            let uuid = random.uuid()
            #expect(uuid.utf8.count == 36)
            let characters = Array(uuid)
            #expect([8, 13, 18, 23].allSatisfy { characters[$0] == "-" })
            #expect(characters[14] == "4")
            #expect("89ab".contains(characters[19]))
            seen.insert(uuid)
        }
        #expect(seen.count == 1000)
    }
}

@Suite struct RedactionTests {
    @Test func onlyTheLastFourCharactersOfAnIdTagAreShown() {
        #expect("04A1B2C3D4E5F6".redactedForLog == "**********E5F6")
        #expect("1234".redactedForLog == "****")
    }
}
