import Primitives
import Testing
@testable import ZeroMQ

@Suite struct ZeroMQSocketTests {
    private static let options = ZeroMQSocket.Options(sendQueue: 3, receiveQueue: 3, maximumFrameBytes: 1000)

    @Test func aFullQueueIsAnOutcomeAndTakesNothing() throws {
        let context = try ZeroMQContext()
        let dealer = try ZeroMQSocket(.dealer, context: context, options: Self.options)
        try dealer.connect("inproc://nobody")
        var outcomes: [ZeroMQSocket.SendOutcome] = []
        for _ in 0..<5 { outcomes.append(try dealer.send([[1], [2]])) }
        #expect(outcomes.first == .sent)
        #expect(outcomes.last == .full)
    }

    @Test(arguments: [
        ("charger:1000:1000:4711", 4711), ("", nil), ("127.0.0.1", nil), ("a:1:2", nil), ("a:1:2:", nil),
        ("a:1:2:3:4", nil),
        (":::7", 7), ("a:1:2:-3", nil), ("a:1:2:3x", nil), ("a:1:2:2147483647", Int32.max), ("a:1:2:2147483648", nil),
        ("a:1:2:99999999999999999999", nil),
    ])
    func theProcessOfALocalPeerIsTheFourthPartOfItsAddress(_ address: String, _ process: Int32?) {
        #expect(address.withCString { ZeroMQSocket.Origin.process(of: $0) } == process)
    }

    @Test func aReplyToNobodyIsUnroutable() throws {
        let context = try ZeroMQContext()
        let router = try ZeroMQSocket(.router, context: context, options: Self.options)
        try router.bind("inproc://router")
        let outcome = try router.send([[1, 2, 3], [4]])
        #expect(outcome == .unroutable)
    }

    @Test func nothingToReceiveIsNil() throws {
        let context = try ZeroMQContext()
        let sub = try ZeroMQSocket(.sub, context: context, options: Self.options)
        let message = try sub.receive()
        #expect(message == nil)
    }

    @Test func everySubscriptionIsReportedToThePublisher() throws {
        let context = try ZeroMQContext()
        let publisher = try ZeroMQSocket(.xpub, context: context, options: Self.options)
        try publisher.bind("inproc://pub")
        let subscribers = [
            try ZeroMQSocket(.sub, context: context, options: Self.options),
            try ZeroMQSocket(.sub, context: context, options: Self.options),
        ]
        for subscriber in subscribers {
            try subscriber.connect("inproc://pub")
            subscriber.subscribe("a.")
        }
        var polled = PollSet([(.socket(publisher), .readable)])
        var reports: [[[UInt8]]] = []
        while reports.count < 2 {
            let ready = try polled.wait(milliseconds: 5000)
            try #require(ready == 1, "the second subscription was not reported")
            while let report = try publisher.receive() { reports.append(report) }
        }
        #expect(reports == [[[1] + Array("a.".utf8)], [[1] + Array("a.".utf8)]])
        let outcome = try publisher.send([Array("a.b".utf8), [7]])
        #expect(outcome == .sent)
        for subscriber in subscribers {
            var one = PollSet([(.socket(subscriber), .readable)])
            let ready = try one.wait(milliseconds: 5000)
            let message = try subscriber.receive()
            #expect(ready == 1)
            #expect(message == [Array("a.b".utf8), [7]])
        }
    }

    @Test func errorsNameTheOperation() throws {
        let context = try ZeroMQContext()
        let router = try ZeroMQSocket(.router, context: context, options: Self.options)
        #expect {
            try router.bind("ipc:///nowhere/at/all")
        } throws: { error in
            "\(error)".hasPrefix("bind ipc:///nowhere/at/all: ")
        }
    }
}
