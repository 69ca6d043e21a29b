import Primitives
import Testing

@testable import WebSocket

@Suite struct FramingTests {
    /// RFC 6455 §5.7.
    @Test func theExamplesOfTheRFCAreRead() throws {
        let hello = text("Hello")
        var (client, random) = try openClient()
        let single = client.receive([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], using: &random)
        let fragments = client.receive([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F], using: &random)
        let pong = client.receive([0x8A, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], using: &random)
        #expect(single == [hello])
        #expect(fragments == [hello])
        #expect(pong == [.pongReceived(Array("Hello".utf8))])

        var (server, _) = try openServer()
        let masked = server.receive(
            [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58],
            using: &random
        )
        let ping = server.receive(rawFrame(0x89, Array("Hello".utf8), mask: 0x37FA_213D), using: &random)
        #expect(masked == [hello])
        #expect(
            ping == [
                .send([0x8A, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]), .pingReceived(Array("Hello".utf8)),
            ]
        )
    }

    @Test func theExamplesOfTheRFCAreWritten() {
        let hello = Array("Hello".utf8)
        let masked: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(FrameWriter.frame(.text, payload: hello, maskKey: nil) == [0x81, 0x05] + hello)
        #expect(FrameWriter.frame(.text, payload: hello, maskKey: 0x37FA_213D) == masked)
        let medium = FrameWriter.frame(.binary, payload: Array(repeating: 1, count: 256), maskKey: nil)
        let large = FrameWriter.frame(.binary, payload: Array(repeating: 1, count: 65_536), maskKey: nil)
        #expect(medium.prefix(4) == [0x82, 0x7E, 0x01, 0x00])
        #expect(large.prefix(10) == [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0])
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 100_001])
    func everySizeGoesBothWays(size: Int) throws {
        var pair = try Pair()
        let message = (0..<size).map { UInt8(ascii: "a") + UInt8($0 % 26) }
        pair.toServer(pair.client.send(text: message, using: &pair.random))
        pair.toClient(pair.server.send(text: message, using: &pair.random))
        pair.toClient(pair.server.send(binary: message, using: &pair.random))
        #expect(pair.serverEvents.last == .textReceived(message))
        #expect(pair.clientEvents.suffix(2) == [.textReceived(message), .binaryReceived(message)])
    }

    @Test func controlFramesMayComeBetweenFragments() throws {
        var (client, random) = try openClient()
        let bytes =
            rawFrame(0x01, Array("He".utf8)) + rawFrame(0x89, [1]) + rawFrame(0x00, []) + rawFrame(0x8A, [2])
            + rawFrame(0x80, Array("y".utf8))
        let events = client.receive(bytes, using: &random)
        #expect(events.dropFirst() == [.pingReceived([1]), .pongReceived([2]), text("Hey")])
        guard case .send(let pong)? = events.first else {
            Issue.record("no pong")
            return
        }
        #expect(pong.prefix(2) == [0x8A, 0x81])
    }

    @Test func aCharacterMayBeCutByFragmentsButNotByTheEnd() throws {
        let euro: [UInt8] = [0xE2, 0x82, 0xAC]
        var (client, random) = try openClient()
        let whole = client.receive(rawFrame(0x01, [euro[0]]) + rawFrame(0x80, [euro[1], euro[2]]), using: &random)
        let cut = client.receive(rawFrame(0x81, [euro[0], euro[1]]), using: &random)
        #expect(whole == [.textReceived(euro)])
        #expect(Self.violation(cut) == .invalidUTF8)
    }

    @Test func invalidTextFailsBeforeItsFrameEnds() throws {
        var (client, random) = try openClient()
        let events = client.receive([0x81, 100, 0x41, 0xC0], using: &random)
        #expect(Self.violation(events) == .invalidUTF8)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var what: String
        var bytes: [UInt8]
        var violation: WebSocketViolation
        var testDescription: String { what }

        init(_ what: String, _ bytes: [UInt8], _ violation: WebSocketViolation) {
            self.what = what
            self.bytes = bytes
            self.violation = violation
        }
    }

    /// What a server may send wrongly. Every row is read by an open client.
    @Test(arguments: [
        Case("RSV1", [0xC1], .reservedBits),
        Case("RSV2", [0xA1], .reservedBits),
        Case("RSV3 on ping", [0x99], .reservedBits),
        Case("opcode 3", [0x83], .unknownOpcode(3)),
        Case("opcode 7", [0x07], .unknownOpcode(7)),
        Case("opcode 11", [0x8B], .unknownOpcode(11)),
        Case("opcode 15", [0x8F], .unknownOpcode(15)),
        Case("masked by a server", rawFrame(0x81, [0x41], mask: 1), .maskedFrame),
        Case("fragmented ping", [0x09], .fragmentedControlFrame),
        Case("fragmented pong", [0x0A], .fragmentedControlFrame),
        Case("fragmented close", [0x08], .fragmentedControlFrame),
        Case("ping of 126 bytes", [0x89, 126], .oversizedControlFrame),
        Case("close with 64-bit length", [0x88, 127], .oversizedControlFrame),
        Case("16-bit length of 125", [0x82, 126, 0, 125], .nonMinimalLength),
        Case("64-bit length of 65535", [0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], .nonMinimalLength),
        Case("64-bit length with top bit", [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], .impossibleLength),
        Case("continuation of nothing", [0x80], .unexpectedContinuation),
        Case("second continuation of nothing", rawFrame(0x01) + rawFrame(0x80) + [0x80], .unexpectedContinuation),
        Case("text in text", rawFrame(0x01, [0x41]) + [0x81], .expectedContinuation),
        Case("binary in text", rawFrame(0x01, [0x41]) + [0x02], .expectedContinuation),
        Case("stray continuation byte", rawFrame(0x81, [0x80]), .invalidUTF8),
        Case("overlong", rawFrame(0x81, [0xC0, 0xAF]), .invalidUTF8),
        Case("surrogate", rawFrame(0x81, [0xED, 0xA0, 0x80]), .invalidUTF8),
        Case("beyond U+10FFFF", rawFrame(0x81, [0xF4, 0x90]), .invalidUTF8),
        Case("invalid in second fragment", rawFrame(0x01, [0x41]) + rawFrame(0x00, [0xFF]), .invalidUTF8),
        Case("cut at the end", rawFrame(0x01, [0xE2, 0x82]) + rawFrame(0x80), .invalidUTF8),
        Case("half a close code", rawFrame(0x88, [3]), .truncatedCloseCode),
        Case("close reason not UTF-8", rawFrame(0x88, [0x03, 0xE8, 0xFF]), .invalidUTF8),
        Case("too big at once", [0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 1], .messageTooBig(limitBytes: 1 << 20)),
        Case("absurd", [0x82, 127, 0x7F, 255, 255, 255, 255, 255, 255, 255], .messageTooBig(limitBytes: 1 << 20)),
    ])
    func violationsCloseWithTheRightCode(row: Case) throws {
        for chunk in [1, row.bytes.count] {
            var (client, random) = try openClient()
            var events: [WebSocketEvent] = []
            for start in stride(from: 0, to: row.bytes.count, by: chunk) {
                events += client.receive(Array(row.bytes[start..<min(start + chunk, row.bytes.count)]), using: &random)
            }
            #expect(Self.violation(events) == row.violation)
            #expect(Self.closeCode(sentIn: events) == row.violation.closeCode)
            #expect(client.isClosed)
            let after = client.receive(rawFrame(0x81, [0x41]), using: &random)
            #expect(after == [])
        }
    }

    @Test func aClientMustMask() throws {
        var (server, random) = try openServer()
        let events = server.receive(rawFrame(0x81, [0x41]), using: &random)
        #expect(Self.violation(events) == .unmaskedFrame)
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535] as [UInt16])
    func illegalCloseCodesAreRefused(code: UInt16) throws {
        var (client, random) = try openClient()
        let events = client.receive(rawFrame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)]), using: &random)
        #expect(Self.violation(events) == .illegalCloseCode(code))
        #expect(Self.closeCode(sentIn: events) == .protocolError)
    }

    @Test(arguments: [1000, 1001, 1003, 1007, 1011, 1012, 1014, 3000, 4999] as [UInt16])
    func legalCloseCodesAreEchoed(code: UInt16) throws {
        var (client, random) = try openClient()
        let events = client.receive(rawFrame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)]), using: &random)
        #expect(events.last == .closed(WebSocketClosure(.peer, code: CloseCode(rawValue: code))))
        #expect(Self.closeCode(sentIn: events)?.rawValue == code)
    }

    @Test func messagesAndFragmentsHaveLimits() throws {
        let limits = WebSocketLimits(maximumMessageBytes: 10, maximumFragments: 3)
        var (client, random) = try openClient(limits: limits)
        let fits = client.receive(
            rawFrame(0x02, Array(repeating: 1, count: 6)) + rawFrame(0x80, [1, 1, 1, 1]),
            using: &random
        )
        let big = client.receive(rawFrame(0x02, Array(repeating: 1, count: 6)) + [0x80, 5], using: &random)
        #expect(fits == [.binaryReceived(Array(repeating: 1, count: 10))])
        #expect(Self.violation(big) == .messageTooBig(limitBytes: 10))
        #expect(Self.closeCode(sentIn: big) == .messageTooBig)

        (client, random) = try openClient(limits: limits)
        let many = client.receive(rawFrame(0x02) + rawFrame(0x00) + rawFrame(0x00) + rawFrame(0x00), using: &random)
        #expect(Self.violation(many) == .tooManyFragments(limit: 3))
    }

    static func violation(_ events: [WebSocketEvent]) -> WebSocketViolation? {
        guard case .closed(let closure)? = events.last, case .violation(let violation) = closure.cause else {
            return nil
        }
        return violation
    }

    /// The code of the Close frame that a client sent.
    static func closeCode(sentIn events: [WebSocketEvent]) -> CloseCode? {
        for case .send(let frame) in events where frame[0] == 0x88 && frame.count >= 8 {
            var payload = Array(frame[6...])
            let key = frame[2..<6].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            Masking.apply(key, offset: 0, to: &payload, from: 0)
            return CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        }
        return nil
    }
}
