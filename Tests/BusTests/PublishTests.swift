import Bus
import BusSchema
import EventLoop
import Primitives
import Testing

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
        #expect(first.serves == ["config.get", "ocpp.status", "uplink.report"])
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
}
