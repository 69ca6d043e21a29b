import BusCodec
import BusSchema
import JSON
import Testing

@Suite struct BusCodecTests {
    private let reading = MeterReading(
        connectorId: 2,
        takenAt: 5,
        takenAtUptime: 6,
        energyWh: 7,
        powerW: 8,
        voltageMillivolts: [9],
        currentMilliamps: [10],
        valid: true
    )

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func content(_ text: String, _ kind: Header.Kind, _ type: String) throws(BusCodecError) -> BusContent {
        try BusCodec.decodeContent(bytes(text), header: Fixture.header(kind, type))
    }

    @Test func statesAndEventsTravelUnderTheirOwnTopic() throws {
        let state = try BusCodec.encode(reading, header: Fixture.header(.state, MeterReading.type))
        #expect(text(state.topic) == "hardware.meter.2")
        #expect(BusFrames(parts: state.parts) == state)
        let event = CardPresented(readerId: 1, connectorIds: [1], idTag: "A")
        let frames = try BusCodec.encode(event, header: Fixture.header(.event, CardPresented.type))
        #expect(text(frames.topic) == "hardware.card")
    }

    @Test func requestsAndAnswersTravelUnderTopicsOfTheirOwn() throws {
        let request = try BusCodec.encode(Unlock(connectorId: 1), header: Fixture.header(.request, Unlock.type))
        #expect(text(request.topic) == "request.hardware.unlock")
        let reply = try BusCodec.encode(
            reply: Unlock.Reply(outcome: .unlocked),
            header: Fixture.header(.reply, Unlock.type)
        )
        #expect(text(reply.topic) == "reply.hardware.unlock")
        let error = try BusCodec.encode(error: BusError(.busy, "later"), header: Fixture.header(.error, Unlock.type))
        #expect(text(error.topic) == "reply.hardware.unlock")
    }

    @Test func contentIsReadByKindAndType() throws {
        let frames = try BusCodec.encode(reading, header: Fixture.header(.state, MeterReading.type))
        let header = try BusCodec.decodeHeader(frames.header)
        #expect(header == Fixture.header(.state, MeterReading.type))
        #expect(try BusCodec.decodeContent(frames.payload, header: header) == .state(reading))
        let card = #"{"readerId":1,"connectorIds":[],"idTag":"A"}"#
        let expected = CardPresented(readerId: 1, connectorIds: [], idTag: "A")
        #expect(try content(card, .event, "hardware.card") == .event(expected))
        #expect(try content(#"{"connectorId":3}"#, .request, "hardware.unlock") == .request(Unlock(connectorId: 3)))
        #expect(
            try content(#"{"outcome":"failed"}"#, .reply, "hardware.unlock") == .reply(Unlock.Reply(outcome: .failed))
        )
        #expect(try content("{}", .reply, "hardware.indicate") == .reply(Done()))
        #expect(
            try content(#"{"code":"busy","message":"m"}"#, .error, "hardware.unlock") == .error(BusError(.busy, "m"))
        )
    }

    @Test func unknownTypesAndKindsAreLeftUntouched() throws {
        for kind in [Header.Kind.state, .event, .request, .reply] {
            #expect(try content("\u{1} not JSON", kind, "future.thing") == .unknown(type: "future.thing"))
        }
        let kind = Header.Kind(rawValue: "gossip")
        #expect(try content("not JSON", kind, "hardware.card") == .unknown(type: "hardware.card"))
        let error = #"{"code":"unsupported","message":"m"}"#
        #expect(try content(error, .error, "future.thing") == .error(BusError(.unsupported, "m")))
    }

    @Test func contentsOfDifferentKindsAreNotEqual() {
        #expect(BusContent.unknown(type: "a") != .error(BusError(.busy, "a")))
        #expect(BusContent.reply(Done()) != .reply(Unlock.Reply(outcome: .failed)))
        #expect(BusContent.state(reading) != .unknown(type: MeterReading.type))
    }

    @Test func aKindThatDoesNotFitTheTypeIsRefused() {
        for kind in [Header.Kind.event, .request, .reply] {
            #expect(throws: BusCodecError.mismatchedKind(type: "hardware.meter", kind: kind.rawValue)) {
                try content("{}", kind, "hardware.meter")
            }
        }
        #expect(throws: BusCodecError.mismatchedKind(type: "hardware.card", kind: "state")) {
            try content("{}", .state, "hardware.card")
        }
    }

    @Test func malformedPayloadsAreRefusedWithTheirPath() {
        #expect(
            throws: BusCodecError.malformedPayload(
                type: "hardware.unlock",
                path: "connectorId",
                problem: #"expected an integer, found "one""#
            )
        ) { try content(#"{"connectorId":"one"}"#, .request, "hardware.unlock") }
        do {
            _ = try content("{", .request, "hardware.unlock")
            Issue.record("accepted")
        } catch {
            #expect(error.description == "hardware.unlock: expected a key in quotes, found the end at byte 1")
        }
    }

    @Test func malformedHeadersAreRefused() {
        func problem(_ text: String) -> String {
            do {
                _ = try BusCodec.decodeHeader(bytes(text))
                return "accepted"
            } catch {
                return error.description
            }
        }
        let good = #"{"v":1,"kind":"event","type":"t","id":"i","source":"s","sentAt":1,"uptime":2,"later":[]}"#
        #expect(problem(good) == "accepted")
        #expect(problem(good.replacing(#""v":1"#, with: #""v":2"#)) == "header: v: expected 1, found 2")
        #expect(problem(good.replacing(#""id":"i","#, with: "")) == "header: id: required, but missing")
        #expect(problem("") == "header: expected a value, found the end at byte 0")
        #expect(problem("[]") == "header: expected an object, found a list")
        #expect(problem(String(repeating: " ", count: 4097)) == "header of 4097 bytes, too large")
    }

    @Test func aPayloadOfMoreValuesThanAServiceCanReadInATurnIsRefused() {
        func payload(_ values: Int) -> [UInt8] {
            Array((#"{"direction":["# + String(repeating: "1,", count: values - 3) + "1]}").utf8)
        }
        #expect(
            throws: BusCodecError.malformedPayload(
                type: "ocpp.message",
                path: "direction",
                problem: "expected a text, found a list"
            )
        ) {
            try BusCodec.decode(OCPPMessage.self, from: payload(BusLimits.payloadValues))
        }
        let error = BusCodecError.malformedPayload(
            type: "ocpp.message",
            path: "",
            problem: "more than 16384 values at byte 32778"
        )
        #expect(throws: error) { try BusCodec.decode(OCPPMessage.self, from: payload(BusLimits.payloadValues + 1)) }
    }

    @Test func whatIsTooLargeIsNeitherWrittenNorRead() throws {
        let long = String(repeating: "x", count: BusLimits.payloadBytes)
        let event = OCPPMessage(direction: .sent, kind: .call, action: nil, messageId: nil, frame: long)
        let size = BusLimits.payloadBytes + #"{"direction":"sent","kind":"CALL","frame":""}"#.utf8.count
        #expect(throws: BusCodecError.payloadTooLarge(type: "ocpp.message", bytes: size)) {
            try BusCodec.encode(event, header: Fixture.header(.event, OCPPMessage.type))
        }
        let payload = Array(repeating: UInt8(ascii: " "), count: BusLimits.payloadBytes + 1)
        let error = BusCodecError.payloadTooLarge(type: "ocpp.message", bytes: payload.count)
        #expect(throws: error) {
            try BusCodec.decodeContent(payload, header: Fixture.header(.event, OCPPMessage.type))
        }
        #expect(throws: error) { try BusCodec.decode(OCPPMessage.self, from: payload) }
        var header = Fixture.header(.event, CardPresented.type)
        header.cause = String(long.prefix(5000))
        #expect(throws: BusCodecError.self) {
            try BusCodec.encode(CardPresented(readerId: 1, connectorIds: [], idTag: ""), header: header)
        }
    }

    @Test func anythingButThreePartsIsNoMessage() {
        #expect(BusFrames(parts: [[], []]) == nil)
        #expect(BusFrames(parts: [[], [], [], []]) == nil)
    }
}
