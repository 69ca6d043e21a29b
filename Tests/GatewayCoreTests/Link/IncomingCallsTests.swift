import Testing

@testable import GatewayCore

@Suite struct IncomingCallsTests {
    @Test func aCallIsAnsweredOnce() {
        var calls = IncomingCalls()
        let isNew = calls.begin("a") == nil
        let mayAnswer = [calls.finish("a"), calls.finish("a"), calls.finish("unknown")]
        #expect(isNew)
        #expect(mayAnswer == [true, false, false])
    }

    @Test func ofTwoCallsWithOneIdTheSecondIsRefusedAndTheFirstAnswered() {
        var calls = IncomingCalls()
        let isNew = [calls.begin("a") == nil, calls.begin("a") == nil]
        let mayAnswer = [calls.finish("a"), calls.finish("a"), calls.finish("a")]
        #expect(isNew == [true, false])
        #expect(mayAnswer == [true, true, false])
    }

    /// OCPP-J 1.6 §4.1.1: the central system may have one CALL outstanding; this many are a fault of its own.
    @Test func moreOpenCallsThanSixteenAreRefused() {
        var calls = IncomingCalls()
        var accepted = 0
        for number in 1...40 {
            if calls.begin("\(number)") == nil { accepted += 1 } else { _ = calls.finish("\(number)") }
        }
        #expect(accepted == 16)
        let first = calls.finish("1")
        let next = calls.begin("41")
        #expect(first)
        #expect(next == nil)
    }

    @Test func whatAnotherConnectionAskedIsNotAnswered() {
        var calls = IncomingCalls()
        let problem = calls.begin("a")
        calls.removeAll()
        let mayAnswer = calls.finish("a")
        #expect(problem == nil)
        #expect(!mayAnswer)
    }
}
