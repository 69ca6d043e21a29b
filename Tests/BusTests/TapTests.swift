import Bus
import BusCodec
import BusSchema
import EventLoop
import LoopUnderTest
import Primitives
import Testing

@Suite struct TapTests {
    @Test func aTapSeesStatesEventsRequestsRepliesAndRefusals() throws {
        let fixture = try Fixture()
        // The tap is first: it finds services as they come.
        var messages: [BusTap.Message] = []
        let tap = try BusTap(directory: fixture.directory, loop: fixture.loop) { messages.append($0) }
        let server = try fixture.endpoint(.modemManager)
        server.serve(UplinkReport.self) { _, request, responder in
            if request.detail == nil { responder.reply(Done()) } else { responder.refuse(.refused, "not now") }
        }
        try fixture.loop.run(until: { messages.contains { $0.topic == "service.announce.modem-manager" } })
        server.publish(CardPresented(readerId: 1, connectorIds: [1], idTag: "04A1"))
        let client = fixture.client()
        var answers = 0
        client.request(UplinkReport(health: .reachable), within: .seconds(5)) { _ in answers += 1 }
        client.request(UplinkReport(health: .reachable, detail: "x"), within: .seconds(5)) { _ in answers += 1 }
        try fixture.loop.run(until: { answers == 2 && messages.filter { $0.topic.hasPrefix("reply.") }.count == 2 })
        let course = messages.map(\.topic).filter { !$0.hasPrefix("service.") }
        #expect(
            course == [
                "hardware.card", "request.uplink.report", "reply.uplink.report", "request.uplink.report",
                "reply.uplink.report",
            ]
        )
        let requests = messages.filter { $0.topic == "request.uplink.report" }
        let replies = messages.filter { $0.topic == "reply.uplink.report" }
        #expect(requests.map(\.header?.id) == replies.map(\.header?.replyTo))
        #expect(replies.map(\.header?.kind) == [.reply, .error])
        let contents = try replies.map { try $0.content() }
        #expect(contents == [.reply(Done()), .error(BusError(.refused, "not now"))])
        tap.close()
    }

    @Test func aTapFollowsAServiceThroughItsRestarts() throws {
        let fixture = try Fixture()
        var starts: Set<String> = []
        let tap = try BusTap(directory: fixture.directory, loop: fixture.loop, topics: [Announce.type]) { message in
            if let id = message.header?.id { starts.insert(id) }
        }
        for round in 1...3 {
            let endpoint = try fixture.endpoint(.hardwareIO)
            try fixture.loop.run(until: { starts.count >= round })
            endpoint.close()
        }
        tap.close()
    }

    @Test func aTapThatStandsStillCostsMessagesOfItsOwnOnly() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let still = try EventLoop()
        let stopped = try BusTap(directory: fixture.directory, loop: still) { _ in }
        try fixture.loop.run(until: { endpoint.isWanted("hardware.card") })
        let client = fixture.client()
        var received = 0
        try client.subscribe(to: .hardwareIO, topics: [CardPresented.type]) { _, _ in received += 1 }
        endpoint.publish(ReaderState(readerId: 1, connectorIds: [], faults: [], simulated: true))
        var isReady = false
        try client.subscribe(to: .hardwareIO, topics: [ReaderState.type]) { _, _ in isReady = true }
        try fixture.loop.run(until: { isReady })
        // More than both queues and both socket buffers of the tap can hold, in portions that the other one can.
        let tag = String(repeating: "A", count: 2000)
        for round in 1...20 {
            for _ in 0..<(BusLimits.publishQueue / 2) {
                endpoint.publish(CardPresented(readerId: round, connectorIds: [1], idTag: tag))
            }
            try fixture.loop.run(until: { received == round * BusLimits.publishQueue / 2 })
        }
        stopped.close()
    }
}
