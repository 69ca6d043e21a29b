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

    @Test(
        arguments: [
            ("charger:1000:1001:4711", 4711, 1000), (":0:0:7", 7, 0),
            ("a:4294967295:2:2147483647", Int32.max, UInt32.max),
        ] as [(String, Int32, UInt32)]
    )
    func whoALocalPeerIsStandsInItsAddress(_ address: String, _ process: Int32, _ user: UInt32) {
        let peer = address.withCString { ZeroMQSocket.Origin.peer(of: $0) }
        #expect(peer == .init(process: process, user: user))
    }

    @Test(arguments: [
        "", "127.0.0.1", "a:1:2", "a:1:2:", "a:1:2:3:4", ":::7", "a:1::7", "a::2:7", "a:1:2:-3", "a:x:2:3", "a:1:2:3x",
        "a:1:2:2147483648", "a:4294967296:2:3", "a:1:2:99999999999999999999",
    ])
    func anotherAddressNamesNobody(_ address: String) {
        #expect(address.withCString { ZeroMQSocket.Origin.peer(of: $0) } == nil)
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

    /// libzmq closes a socket some time later, in a thread of its own; the next one may get its memory meanwhile, and with it whatever is
    /// named after that.
    @Test func arrivalsAreHeardOfHoweverManySocketsWereClosedBefore() throws {
        let context = try ZeroMQContext()
        for _ in 0..<300 {
            let router = try ZeroMQSocket(.router, context: context, options: Self.options)
            let arrivals = try router.arrivals(queue: 3)
            arrivals.close()
            router.close()
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
