import BusCodec
import BusSchema
import EventLoop
import LoopUnderTest
import Primitives
import Testing

@testable import Bus

/// What a service remembers of its traffic for the support report.
@Suite struct TrafficTests {
    private static func card(_ idTag: String) -> CardPresented {
        CardPresented(readerId: 1, connectorIds: [1], idTag: idTag)
    }

    private func traffic(_ fixture: Fixture, of service: ServiceName) throws -> [ServiceTraffic.Message] {
        var reply: Result<ServiceTraffic.Reply, BusError>?
        let client = fixture.client()
        client.request(ServiceTraffic(), to: service, within: .seconds(5)) { reply = $0 }
        try fixture.loop.run(until: { reply != nil })
        client.close()
        return try #require(reply).get().messages
    }

    @Test func whatNobodyListensToIsRememberedWithoutBeingWritten() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        endpoint.publish(Self.card("04A1"), cause: "c-1")
        endpoint.recordUnheard(OCPPMessage.self, "sent CALL", "Heartbeat")
        let messages = try traffic(fixture, of: .hardwareIO)
        #expect(messages.map(\.topic) == ["service.announce.hardware-io", "hardware.card", "ocpp.message"])
        #expect(messages.map(\.kind) == [.state, .event, .event])
        #expect(messages.map(\.note) == [nil, nil, "sent CALL Heartbeat"])
        #expect(messages.allSatisfy { $0.payload == nil && $0.source == .hardwareIO && $0.at > 0 })
        #expect(messages[1].cause == "c-1")
        // Who asks for it is not in it.
        #expect(try traffic(fixture, of: .hardwareIO) == messages)
    }

    @Test func whatIsWrittenAnywayIsRememberedAsItWas() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.configStore)
        server.serve(ConfigGet.self) { _, _, responder in responder.reply(.init(entries: [], unknownKeys: [])) }
        let client = fixture.client()
        var seen = 0
        try client.subscribe(to: .configStore, topics: [CardPresented.type, Announce.type]) { _, _ in seen += 1 }
        try fixture.loop.run(until: { seen == 1 })
        server.publish(Self.card("04A1"))
        var answer: Result<ConfigGet.Reply, BusError>?
        client.request(ConfigGet(keys: ["A"]), within: .seconds(5)) { answer = $0 }
        try fixture.loop.run(until: { answer != nil })
        let messages = try traffic(fixture, of: .configStore).dropFirst()
        #expect(messages.map(\.topic) == ["hardware.card", "request.config.get", "reply.config.get"])
        #expect(messages.first?.payload?.contains("04A1") == true)
        #expect(messages.dropFirst().first?.payload == #"{"keys":["A"]}"#)
        #expect(messages.dropFirst().first?.source == .chargectl)
        #expect(messages.last?.cause == messages.dropFirst().first?.id)
    }

    private static func header(_ id: Int) -> Header {
        Header(kind: .event, type: "t", id: "\(id)", source: .hardwareIO, sentAt: 1, uptime: 1)
    }

    @Test func onlyTheNewestAreRememberedInTheirOrder() {
        let ring = TrafficRing()
        for id in 0..<1234 {
            ring.record(Self.header(id), topic: "t", payload: nil)
            if id % 97 == 0 { #expect(ring.messages.last?.id == "\(id)") }
        }
        #expect(ring.messages.map(\.id) == (1234 - TrafficRing.mostMessages..<1234).map { "\($0)" })
    }

    /// Whatever comes, the memory is bounded, and what is kept fits into one reply.
    @Test(arguments: [1, 1000, 4096, 4097, 300_000]) func payloadsAreBounded(size: Int) throws {
        let ring = TrafficRing()
        for id in 0..<1000 {
            ring.record(Self.header(id), topic: "t", payload: [UInt8](repeating: 0x01, count: id % 3 == 0 ? 100 : size))
            guard id % 37 == 0 else { continue }
            let kept = ring.messages.compactMap { $0.payload?.utf8.count }
            #expect(kept.reduce(0, +) <= TrafficRing.mostPayloadBytes)
            #expect(kept.allSatisfy { $0 <= TrafficRing.largestPayload })
        }
        let reply = ServiceTraffic.Reply(service: .hardwareIO, messages: ring.messages)
        let header = Header(kind: .reply, type: ServiceTraffic.type, id: "1", source: .hardwareIO, sentAt: 1, uptime: 1)
        #expect(throws: Never.self) { try BusCodec.encode(reply: reply, header: header) }
    }

    @Test func theOldestPayloadsGoFirst() {
        let ring = TrafficRing()
        for id in 0..<150 { ring.record(Self.header(id), topic: "t", payload: [UInt8](repeating: 1, count: 1024)) }
        let kept = ring.messages.filter { $0.payload != nil }.map(\.id)
        #expect(kept == (150 - 32..<150).map { "\($0)" })
        #expect(ring.messages.count == 150)
    }
}
