import Testing

@testable import GatewayCore

@Suite struct IncomingCallsTests {
    @Test func aCallIsAnsweredOnce() {
        var calls = IncomingCalls()
        let (ticket, problem) = calls.begin("a")
        let answered = [calls.finish(ticket), calls.finish(ticket), calls.finish("unknown"), calls.finish("a")]
        #expect(problem == nil)
        #expect(answered == ["a", nil, nil, nil])
    }

    @Test func ofTwoCallsWithOneIdTheSecondIsRefusedAndTheFirstAnswered() {
        var calls = IncomingCalls()
        let (first, second) = (calls.begin("a"), calls.begin("a"))
        let answered = [second, first, first].map { calls.finish($0.ticket) }
        #expect(first.problem == nil)
        #expect(second.problem != nil)
        #expect(answered == ["a", "a", nil])
    }

    /// OCPP-J 1.6 §4.1.1: the central system may have one CALL outstanding; this many are a fault of its own.
    @Test func moreOpenCallsThanSixteenAreRefused() {
        var calls = IncomingCalls()
        var accepted: [String] = []
        for number in 1...40 {
            let (ticket, problem) = calls.begin("\(number)")
            if problem == nil { accepted.append(ticket) } else { _ = calls.finish(ticket) }
        }
        #expect(accepted.count == 16)
        let first = calls.finish(accepted[0])
        let next = calls.begin("41")
        #expect(first == "1")
        #expect(next.problem == nil)
    }

    @Test func whatAnotherConnectionAskedIsNotAnswered() {
        var calls = IncomingCalls()
        let before = calls.begin("a")
        calls.removeAll()
        let after = calls.begin("a")
        let answered = [before, after].map { calls.finish($0.ticket) }
        #expect(after.problem == nil)
        #expect(answered == [nil, "a"])
    }

    @Test func whoWaitsIsKnownBesidesThoseWhoAreAnswered() {
        var calls = IncomingCalls()
        let (first, second) = (calls.begin("a"), calls.begin("b"))
        let (one, both) = (calls.isOpen(besides: [first.ticket]), calls.isOpen(besides: [first.ticket, second.ticket]))
        #expect(one)
        #expect(!both)
    }
}
