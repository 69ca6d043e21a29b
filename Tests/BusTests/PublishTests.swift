import Bus
import BusSchema
import EventLoop
import LoopUnderTest
import Primitives
import Testing
import ZeroMQ

@Suite struct PublishTests {
    private static func reader(_ id: Int, faults: Int = 0) -> ReaderState {
        ReaderState(readerId: id, connectorIds: Array(0..<faults), faults: [], simulated: true)
    }

    @Test func aSubscriberWhoComesLateGetsTheNewestStatesAndNoEvents() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        endpoint.publish(Self.reader(1))
        endpoint.publish(Self.reader(1, faults: 3), cause: "c-1", transaction: "t-1")
        endpoint.publish(CardPresented(readerId: 1, connectorIds: [1], idTag: "04A1"))
        let client = fixture.client()
        var seen: [(Header, AnyBusMessage)] = []
        try client.subscribe(to: .hardwareIO, topics: ["hardware"]) { seen.append(($0, $1)) }
        try fixture.loop.run(until: { !seen.isEmpty })
        #expect(seen.count == 1)
        #expect(seen.first?.1 == AnyBusMessage(Self.reader(1, faults: 3)))
        let header = try #require(seen.first?.0)
        #expect(header.seq == 2)
        #expect(header.cause == "c-1")
        #expect(header.transaction == "t-1")
        #expect(header.source == .hardwareIO)
        #expect(header.kind == .state)
    }

    @Test func aRetainedStateKeepsItsIdWhenItIsSentAgain() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        endpoint.publish(Self.reader(1))
        var ids: [String] = []
        for round in 1...2 {
            let client = fixture.client()
            try client.subscribe(to: .hardwareIO, topics: [ReaderState.type]) { header, _ in ids.append(header.id) }
            try fixture.loop.run(until: { ids.count >= round })
            client.close()
        }
        #expect(Set(ids).count == 1)
    }

    @Test func everyListenerGetsEventsInOrderWithConsecutiveNumbers() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let clients = [fixture.client(), fixture.client()]
        var numbers: [[Int64]] = [[], []]
        for (index, client) in clients.enumerated() {
            try client.subscribe(to: .hardwareIO, topics: [CardPresented.type]) { header, _ in
                numbers[index].append(header.seq ?? 0)
            }
        }
        // Both are there once their subscriptions have been seen; each asks for a state of its own to tell.
        var ready: Set<Int> = []
        endpoint.publish(Self.reader(1))
        for (index, client) in clients.enumerated() {
            try client.subscribe(to: .hardwareIO, topics: [ReaderState.type]) { _, _ in ready.insert(index) }
        }
        try fixture.loop.run(until: { ready.count == 2 })
        for index in 0..<50 {
            endpoint.publish(CardPresented(readerId: index, connectorIds: [1], idTag: "04A1"))
        }
        try fixture.loop.run(until: { numbers.allSatisfy { $0.count == 50 } })
        #expect(numbers == [Array(1...50), Array(1...50)])
    }

    @Test func nobodyWantsATopicUntilSomebodySubscribesAndAfterTheLastHasLeft() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        #expect(!endpoint.isWanted("hardware.card"))
        let client = fixture.client()
        try client.subscribe(to: .hardwareIO, topics: ["hardware.card"]) { _, _ in }
        try fixture.loop.run(until: { endpoint.isWanted("hardware.card") })
        #expect(!endpoint.isWanted("hardware.reader.1"))
        client.close()
        try fixture.loop.run(until: { !endpoint.isWanted("hardware.card") })
    }

    @Test func aTopicWithAnInstanceCoversThatInstanceOnly() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        for id in [1, 10, 2] { endpoint.publish(Self.reader(id)) }
        let client = fixture.client()
        var seen: [String] = []
        var all = 0
        try client.subscribe(to: .hardwareIO, topics: ["hardware.reader.1"]) { _, message in
            seen.append(message.value.topic)
        }
        try client.subscribe(to: .hardwareIO, topics: ["hardware.reader"]) { _, _ in all += 1 }
        try fixture.loop.run(until: { all >= 3 && !seen.isEmpty })
        #expect(Set(seen) == ["hardware.reader.1"])
    }

    @Test func messagesReachOnlyTheHandlerThatAskedThatService() throws {
        let fixture = try Fixture()
        let hardware = try fixture.endpoint(.hardwareIO)
        let modem = try fixture.endpoint(.modemManager)
        hardware.publish(Self.reader(1))
        modem.publish(Self.reader(2))
        let client = fixture.client()
        var fromHardware: [AnyBusMessage] = []
        var fromModem: [AnyBusMessage] = []
        try client.subscribe(to: .hardwareIO, topics: [ReaderState.type]) { fromHardware.append($1) }
        try client.subscribe(to: .modemManager, topics: [ReaderState.type]) { fromModem.append($1) }
        try fixture.loop.run(until: { !fromHardware.isEmpty && !fromModem.isEmpty })
        #expect(Set(fromHardware.map(\.value.topic)) == ["hardware.reader.1"])
        #expect(Set(fromModem.map(\.value.topic)) == ["hardware.reader.2"])
    }

    @Test func aServiceAnnouncesItselfAndSaysWhenItEnds() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.modemManager)
        let client = fixture.client()
        var announcements: [Announce] = []
        try client.subscribe(to: .modemManager, topics: [Announce.type]) { _, message in
            if let announce = message.value as? Announce { announcements.append(announce) }
        }
        try fixture.loop.run(until: { !announcements.isEmpty })
        endpoint.close(lingerMilliseconds: 1000)
        try fixture.loop.run(until: { announcements.last?.running == false })
        let first = try #require(announcements.first)
        #expect(first.running)
        #expect(first.version == "1.2.3")
        #expect(first.publishes == ["hardware.card", "hardware.reader"])
        #expect(first.serves == ["config.declare", "config.get", "ocpp.status", "service.traffic", "uplink.report"])
    }

    @Test func bothSidesFindEachOtherAgainAfterARestartOfEither() throws {
        let fixture = try Fixture()
        // The subscriber is first: there is nothing to connect to yet.
        let client = fixture.client()
        var seen: [Int] = []
        try client.subscribe(to: .hardwareIO, topics: [ReaderState.type]) { _, message in
            if let state = message.value as? ReaderState { seen.append(state.readerId) }
        }
        for round in 1...3 {
            let endpoint = try fixture.endpoint(.hardwareIO)
            endpoint.publish(Self.reader(round))
            try fixture.loop.run(until: { seen.contains(round) })
            endpoint.close()
        }
        let endpoint = try fixture.endpoint(.hardwareIO)
        endpoint.publish(Self.reader(4))
        client.close()
        let successor = fixture.client()
        var states: [AnyBusMessage] = []
        try successor.subscribe(to: .hardwareIO, topics: [ReaderState.type]) { states.append($1) }
        try fixture.loop.run(until: { states == [AnyBusMessage(Self.reader(4))] })
    }

    @Test func anEventThatIsTooLargeIsDroppedWithALineInTheLog() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let client = fixture.client()
        var tags: [String] = []
        try client.subscribe(to: .hardwareIO, topics: [CardPresented.type]) { _, message in
            if let card = message.value as? CardPresented { tags.append(card.idTag) }
        }
        try fixture.loop.run(until: { endpoint.isWanted(CardPresented.type) })
        let huge = String(repeating: "A", count: BusLimits.payloadBytes)
        endpoint.publish(CardPresented(readerId: 1, connectorIds: [1], idTag: huge))
        endpoint.publish(CardPresented(readerId: 1, connectorIds: [1], idTag: "small"))
        try fixture.loop.run(until: { !tags.isEmpty })
        #expect(tags == ["small"])
        #expect(fixture.log.map(\.level) == [.fault])
    }

    @Test func statesAreSentAgainByAndByForWhoeverMissedThem() throws {
        let fixture = try Fixture()
        let interval = Duration.milliseconds(50)
        let endpoint = try fixture.endpoint(.hardwareIO, repeatInterval: interval)
        endpoint.publish(AnyBusMessage(Self.reader(1)))
        let client = fixture.client()
        var ids: [String] = []
        let began = EventLoop.uptime()
        try client.subscribe(to: .hardwareIO, topics: [ReaderState.type]) { header, _ in ids.append(header.id) }
        try fixture.loop.run(until: { ids.count >= 6 })
        #expect(Set(ids).count == 1)
        // The first came at once, each other an interval after the one before.
        #expect(EventLoop.uptime() - began >= interval * 5)
    }

    @Test func aHandlerMayCloseItsOwnSide() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        for id in 1...10 { endpoint.publish(Self.reader(id)) }
        var client: BusClient? = fixture.client()
        var calls = 0
        try client?.subscribe(to: .hardwareIO, topics: [ReaderState.type]) { _, _ in
            calls += 1
            client?.close()
            client = nil
        }
        try fixture.loop.run(until: { calls > 0 })
        try fixture.loop.run(until: { !endpoint.isWanted("hardware.reader.1") })
        #expect(calls == 1)
    }

    @Test func publishingAfterTheFarewellDoesNothing() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        endpoint.close()
        endpoint.publish(Self.reader(1))
        endpoint.publish(CardPresented(readerId: 1, connectorIds: [1], idTag: "04A1"))
        endpoint.close()
        #expect(fixture.log.isEmpty)
    }

    @Test func garbageFromAPublisherIsDroppedAndLoggedOnce() throws {
        let fixture = try Fixture()
        let options = ZeroMQSocket.Options(sendQueue: 1000, receiveQueue: 1000, maximumFrameBytes: 10_000_000)
        let hostile = try ZeroMQSocket(.xpub, context: fixture.loop.context, options: options)
        try hostile.bind("ipc://\(fixture.directory.path)/hardware-io.pub")
        let client = fixture.client()
        var log: [LogRecord] = []
        client.onLog = { log.append($0) }
        var seen: [AnyBusMessage] = []
        try client.subscribe(to: .hardwareIO, topics: ["hardware"]) { seen.append($1) }
        var isWatched = false
        let watch = fixture.loop.watch(socket: hostile) {
            while let report = try? hostile.receive() { isWatched = isWatched || report.first?.first == 1 }
        }
        try fixture.loop.run(until: { isWatched })
        func header(_ type: String, _ kind: String) -> [UInt8] {
            let text =
                #"{"v":1,"kind":"\#(kind)","type":"\#(type)","id":"x","source":"hardware-io","sentAt":1,"uptime":1}"#
            return Array(text.utf8)
        }
        let topic = Array("hardware.reader.1".utf8)
        let messages: [[[UInt8]]] = [
            [topic], [topic, []], [topic, [], [], []], [topic, [0xFF], []],
            [topic, header("hardware.reader", "state"), [1]],
            [topic, header("hardware.future", "state"), [1]], [topic, header("hardware.reader", "request"), [1]],
            [topic, header("hardware.card", "event"), Array(#"{"readerId":1,"connectorIds":[1],"idTag":"A"}"#.utf8)],
        ]
        for _ in 0..<3 { for message in messages { _ = try hostile.send(message) } }
        try fixture.loop.run(until: { seen.count == 3 })
        #expect(Set(seen.map(\.value.topic)) == ["hardware.card"])
        #expect(log.count < messages.count)
        #expect(log.contains { $0.fields.contains(.init("type", "hardware.future")) })
        fixture.loop.unwatch(watch)
        hostile.close()
    }
}
