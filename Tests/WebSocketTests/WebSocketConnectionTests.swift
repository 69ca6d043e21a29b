import Primitives
import Testing

@testable import WebSocket

@Suite struct WebSocketConnectionTests {
    @Test func aClientAndAServerTalk() throws {
        var pair = try Pair()
        pair.toServer(pair.client.send(text: "[2,\"1\",\"Heartbeat\",{}]", using: &pair.random))
        pair.toClient(pair.server.send(text: "[3,\"1\",{}]", using: &pair.random))
        #expect(pair.clientEvents == [.opened(subprotocol: "ocpp1.6"), text("[3,\"1\",{}]")])
        #expect(pair.serverEvents.last == text("[2,\"1\",\"Heartbeat\",{}]"))
    }

    // Shows: J-CON-13
    @Test func pingsAreAnsweredByBothSides() throws {
        var pair = try Pair()
        pair.toServer(pair.client.ping([1, 2], using: &pair.random))
        pair.toClient(pair.server.ping(using: &pair.random))
        #expect(pair.clientEvents.contains(.pongReceived([1, 2])))
        #expect(pair.serverEvents.contains(.pongReceived([])))
    }

    @Test func eitherSideMayClose() throws {
        var pair = try Pair()
        pair.toServer(pair.client.close(.goingAway, reason: "reboot", using: &pair.random))
        #expect(pair.serverEvents.last == .closed(WebSocketClosure(.peer, code: .goingAway, reason: "reboot")))
        #expect(pair.clientEvents.last == .closed(WebSocketClosure(.local, code: .goingAway)))

        pair = try Pair()
        pair.toClient(pair.server.close(using: &pair.random))
        #expect(pair.clientEvents.last == .closed(WebSocketClosure(.peer, code: .normal)))
        #expect(pair.serverEvents.last == .closed(WebSocketClosure(.local, code: .normal)))
        #expect(pair.client.isClosed && pair.server.isClosed)
    }

    @Test func bothMayCloseAtOnce() throws {
        var pair = try Pair()
        let fromClient = pair.client.close(.normal, using: &pair.random)
        let fromServer = pair.server.close(.serviceRestart, using: &pair.random)
        pair.toServer(fromClient)
        pair.toClient(fromServer)
        #expect(pair.clientEvents.last == .closed(WebSocketClosure(.local, code: .serviceRestart)))
        #expect(pair.serverEvents.last == .closed(WebSocketClosure(.local, code: .normal)))
    }

    @Test func messagesStillComeAfterOurClose() throws {
        var pair = try Pair()
        let late = pair.server.send(text: "late", using: &pair.random)
        let ping = pair.server.ping(using: &pair.random)
        let close = pair.client.close(using: &pair.random)
        let events = pair.client.receive(late + ping, using: &pair.random)
        #expect(events == [text("late"), .pingReceived([])])
        pair.toServer(close)
        #expect(pair.client.isClosed)
    }

    @Test func aCloseWithoutACodeIsAnsweredWithoutOne() throws {
        var (server, random) = try openServer()
        let events = server.receive(rawFrame(0x88, mask: 5), using: &random)
        #expect(events == [.send([0x88, 0]), .closed(WebSocketClosure(.peer, code: .noStatus))])
    }

    @Test func aLongReasonIsCutAtACharacter() throws {
        var pair = try Pair()
        let reason = String(repeating: "ä", count: 100)
        pair.toServer(pair.client.close(reason: reason, using: &pair.random))
        let expected = WebSocketClosure(.peer, code: .normal, reason: String(repeating: "ä", count: 61))
        #expect(pair.serverEvents.last == .closed(expected))
    }

    @Test func theEndOfTheStreamIsAnAbnormalClosureOnce() throws {
        var (client, random) = try openClient()
        _ = client.receive([0x81, 5, 0x41], using: &random)
        let ended = client.receiveEndOfStream()
        let again = client.receiveEndOfStream()
        #expect(ended == [.closed(WebSocketClosure(.endOfStream, code: .abnormal))])
        #expect(again == [])
        var (closing, _) = try openClient()
        _ = closing.close(using: &random)
        let unanswered = closing.receiveEndOfStream()
        #expect(unanswered == [.closed(WebSocketClosure(.endOfStream, code: .abnormal))])
    }

    @Test func aViolationAfterOurCloseSendsNoSecondOne() throws {
        var (client, random) = try openClient()
        _ = client.close(using: &random)
        let events = client.receive([0xFF], using: &random)
        #expect(events.count == 1)
        #expect(FramingTests.violation(events) == .reservedBits)
    }

    @Test func maskKeysDifferFromFrameToFrame() throws {
        var pair = try Pair()
        let frames = (0..<2).map { _ in pair.client.send(text: "same", using: &pair.random) }
        #expect(frames[0][2..<6] != frames[1][2..<6])
    }

    /// A whole conversation, with every split of its bytes into two and into single bytes, gives the same events.
    @Test func everySplitOfAConversationIsTheSame() throws {
        var random = SeededRandom(seed: 11)
        let (client, request) = WebSocketConnection.client(
            url: try WebSocketURL(Pair.url),
            subprotocols: ["ocpp1.6"],
            using: &random
        )
        var server = WebSocketConnection.server()
        _ = server.receive(request, using: &random)
        var bytes: [UInt8] = []
        for case .send(let answer) in server.accept(subprotocol: "ocpp1.6", using: &random) { bytes += answer }
        bytes += server.send(text: "[3,\"1\",{\"status\":\"€\"}]", using: &random)
        bytes += rawFrame(0x01, [0xF0, 0x9F]) + rawFrame(0x89, [7]) + rawFrame(0x80, [0x98, 0x80])
        bytes += server.send(binary: Array(repeating: 3, count: 200), using: &random)
        bytes += server.close(.goingAway, reason: "bye", using: &random)

        func events(_ chunks: [ArraySlice<UInt8>]) -> [WebSocketEvent] {
            var client = client
            var random = SeededRandom(seed: 12)
            return chunks.flatMap { client.receive(Array($0), using: &random) }
        }
        let whole = events([bytes[...]])
        #expect(whole.count == 8)
        #expect(whole.last == .closed(WebSocketClosure(.peer, code: .goingAway, reason: "bye")))
        for split in 0...bytes.count { #expect(events([bytes[..<split], bytes[split...]]) == whole) }
        #expect(events(bytes.indices.map { bytes[$0...$0] }) == whole)
    }

    @Test func everySplitOfAMaskedMessageUnmasksTheSame() throws {
        let message = (0..<40).map { UInt8(ascii: "0") + UInt8($0) }
        let bytes =
            rawFrame(0x01, Array(message[..<17]), mask: 0x0102_0304)
            + rawFrame(0x80, Array(message[17...]), mask: 0xA0B0_C0D0)
        let (server, _) = try openServer()
        var random = SeededRandom(seed: 14)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var server = server
                var events = server.receive(Array(bytes[..<first]), using: &random)
                events += server.receive(Array(bytes[first..<second]), using: &random)
                events += server.receive(Array(bytes[second...]), using: &random)
                #expect(events == [.textReceived(message)])
            }
        }
    }

    @Test func everySplitOfARequestIsTheSame() throws {
        var random = SeededRandom(seed: 13)
        var (_, request) = WebSocketConnection.client(
            url: try WebSocketURL(Pair.url),
            subprotocols: ["ocpp1.6"],
            using: &random
        )
        request += rawFrame(0x81, Array("x".utf8), mask: 77)
        for split in 0...request.count {
            var server = WebSocketConnection.server()
            var events = server.receive(Array(request[..<split]), using: &random)
            events += server.receive(Array(request[split...]), using: &random)
            events += server.accept(subprotocol: "ocpp1.6", using: &random)
            #expect(events.count == 3)
            #expect(events.last == text("x"))
        }
    }
}

@Suite struct WebSocketFuzzTests {
    /// Noise, and real conversations with flipped bytes, never trap, and end with exactly one last event.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func hostileBytesEndInOneLastEvent(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var (client, _) = try openClient()
        var (server, _) = try openServer()
        var fresh = WebSocketConnection.server()
        var toServer: [UInt8] = []
        var toClient: [UInt8] = []
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            let size = Int.random(in: 0...300, using: &random)
            let payload = (0..<size).map { _ in UInt8.random(in: 0x20...0x7E, using: &random) }
            toServer += FrameWriter.frame(
                .text,
                payload: payload,
                maskKey: UInt32.random(in: 0...UInt32.max, using: &random)
            )
            toClient += FrameWriter.frame(.binary, payload: payload, maskKey: nil)
        }
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            toServer[Int.random(in: toServer.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            toClient[Int.random(in: toClient.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let noise = (0..<500).map { _ in UInt8.random(in: 0...255, using: &random) }
        for (bytes, which) in [(toServer, 0), (toClient, 1), (noise, 2), (noise, 0), (noise, 1)] {
            var connection = [server, client, fresh][which]
            var events: [WebSocketEvent] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let chunk = rest.prefix(Int.random(in: 1...64, using: &random))
                rest = rest.dropFirst(chunk.count)
                events += connection.receive(Array(chunk), using: &random)
            }
            events += connection.receiveEndOfStream()
            let last = events.indices.filter { index in
                switch events[index] {
                case .closed, .upgradeFailed: true
                default: false
                }
            }
            #expect(last == [events.count - 1], "seed \(seed)")
        }
        _ = client.receiveEndOfStream()
        _ = server.receiveEndOfStream()
        _ = fresh.receiveEndOfStream()
    }
}
