import BusSchema
import Primitives
import Testing

@testable import Bus

@Suite struct PendingRequestsTests {
    private let modem = Requester.Address(service: .modemManager, socket: .svc)

    @Test(arguments: [
        Requester.Address(service: .hardwareIO, socket: .svc), Requester.Address(service: .modemManager, socket: .rpc),
    ])
    func nobodyAnswersForAnother(other: Requester.Address) {
        var pending = PendingRequests<Int>()
        pending.add("r", to: modem, within: .seconds(1), at: .zero, 7)
        #expect(pending.take("r", answeredBy: other) == nil)
        #expect(pending.count == 1)
        #expect(pending.take("r", answeredBy: modem)?.completion == 7)
    }

    @Test func anAnswerCountsOnce() {
        var pending = PendingRequests<Int>()
        pending.add("r", to: modem, within: .seconds(1), at: .zero, 7)
        #expect(pending.take("r", answeredBy: modem) != nil)
        #expect(pending.take("r", answeredBy: modem) == nil)
        #expect(pending.take("never asked", answeredBy: modem) == nil)
        #expect(pending.nextDeadline == nil)
    }

    @Test func theEarliestIsGivenUpFirstAndNoneBeforeItsTime() {
        var pending = PendingRequests<Int>()
        for (id, seconds) in [("c", 3), ("a", 1), ("b", 2)] {
            pending.add(id, to: modem, within: .seconds(seconds), at: .seconds(10), seconds)
        }
        #expect(pending.nextDeadline == .seconds(11))
        #expect(pending.overdue(at: .milliseconds(10_999)) == [])
        #expect(pending.overdue(at: .seconds(12)) == ["a", "b"])
        #expect(pending.giveUp("a")?.completion == 1)
        #expect(pending.overdue(at: .seconds(13)) == ["b", "c"])
        #expect(pending.giveUpAll().map(\.completion).sorted() == [2, 3])
        #expect(pending.giveUp("b") == nil)
    }

    @Test func aLimitBeyondEveryClockIsCut() {
        var pending = PendingRequests<Int>()
        let endless = Duration(secondsComponent: .max, attosecondsComponent: 0)
        pending.add("r", to: modem, within: endless, at: .seconds(10), 7)
        #expect(pending.nextDeadline == .seconds(10) + .longestFromOutside)
    }
}
