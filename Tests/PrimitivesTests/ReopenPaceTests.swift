import Primitives
import Testing

@Suite struct ReopenPaceTests {
    @Test func pausesGrowToHalfAMinuteAndStayThere() {
        var pace = ReopenPace()
        var uptime = Duration.seconds(100)
        let pauses = (0..<80).map { _ in
            let pause = pace.failed(at: uptime).pause
            uptime += pause
            return pause
        }
        #expect(pauses.prefix(8) == [.milliseconds(500)] + [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
        #expect(pauses.dropFirst(8).allSatisfy { $0 == .seconds(30) })
    }

    @Test func theFirstFailureIsLoggedAndThenOneAMinuteWithACount() {
        var pace = ReopenPace()
        let first = pace.failed(at: .seconds(0)).untoldBefore
        #expect(first == 0)
        let second = pace.failed(at: .seconds(10)).untoldBefore
        #expect(second == nil)
        let third = pace.failed(at: .seconds(59)).untoldBefore
        #expect(third == nil)
        let fourth = pace.failed(at: .seconds(60)).untoldBefore
        #expect(fourth == 2)
        let fifth = pace.failed(at: .seconds(119)).untoldBefore
        #expect(fifth == nil)
    }

    @Test func onlyADeviceThatSpokeOrALineThatHeldBeginsAnew() {
        var pace = ReopenPace()
        for second in 0..<5 { _ = pace.failed(at: .seconds(second)) }
        _ = pace.opened(at: .seconds(10))
        let first = pace.failed(at: .seconds(11)).pause
        #expect(first == .seconds(16))
        _ = pace.opened(at: .seconds(30))
        pace.worked()
        let second = pace.failed(at: .seconds(31)).pause
        #expect(second == .milliseconds(500))
        _ = pace.opened(at: .seconds(32))
        let third = pace.failed(at: .seconds(33)).pause
        #expect(third == .seconds(1))
        _ = pace.opened(at: .seconds(40))
        let fourth = pace.failed(at: .seconds(70)).pause
        #expect(fourth == .milliseconds(500))
    }

    @Test func thatALineIsBackIsLoggedIfItsAbsenceWas() {
        var pace = ReopenPace()
        let first = pace.opened(at: .seconds(0))
        #expect(!first)
        _ = pace.failed(at: .seconds(1))
        let second = pace.opened(at: .seconds(2))
        #expect(second)
        _ = pace.failed(at: .seconds(3))
        let third = pace.opened(at: .seconds(4))
        #expect(!third)
    }
}
