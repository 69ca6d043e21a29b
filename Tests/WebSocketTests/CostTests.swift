import Primitives
import Testing

@testable import WebSocket

/// What a peer sends costs no more than its bytes, however it is cut. Generous for a loaded machine: what is not linear takes minutes.
@Suite struct CostTests {
    private static let most = Duration.seconds(10)

    @Test func aMessageInManyFragmentsCostsNoMoreThanItsBytes() throws {
        let limits = WebSocketLimits(maximumMessageBytes: 4 << 20, maximumFragments: 1 << 20)
        var (client, random) = try openClient(limits: limits)
        let fragment = rawFrame(0x00, Array(repeating: 0x61, count: 64))
        let stream = rawFrame(0x01) + Array(repeatElement(fragment, count: 1 << 14).joined()) + rawFrame(0x80)
        var events: [WebSocketEvent] = []
        let time = ContinuousClock().measure { events = client.receive(stream, using: &random) }
        #expect(events == [.textReceived(Array(repeating: 0x61, count: 1 << 20))])
        #expect(time < Self.most)
    }

    @Test func aMessageThatComesByteByByteCostsNoMoreThanItsBytes() throws {
        var (server, random) = try openServer()
        let payload = Array(repeating: UInt8(0x61), count: 1 << 17)
        let stream = FrameWriter.frame(.text, payload: payload, maskKey: 0x0102_0304)
        var events: [WebSocketEvent] = []
        let time = ContinuousClock().measure {
            for byte in stream { events += server.receive([byte], using: &random) }
        }
        #expect(events == [.textReceived(payload)])
        #expect(time < Self.most)
    }

    @Test(arguments: ["\n", "\r\n", "a:b\n", "x", ":", "\u{301}"])
    func aHeadOfAnythingCostsNoMoreThanItsBytes(_ piece: String) {
        let bytes = Array(
            repeatElement(Array(piece.utf8), count: HTTPHeadReader.maximumBytes / piece.utf8.count).joined()
        )
        let time = ContinuousClock().measure {
            var whole = HTTPHeadReader()
            _ = try? whole.receive(bytes[...])
            var reader = HTTPHeadReader()
            for index in bytes.indices {
                guard let head = try? reader.receive(bytes[index...index]) else { break }
                _ = head
            }
        }
        #expect(time < .seconds(1))
    }

    @Test func blankLinesBeforeTheStartLineAreSkipped() throws {
        var reader = HTTPHeadReader()
        let head = try reader.receive(Array("\r\n\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\nrest".utf8)[...])
        #expect(head?.head.startLine == "GET / HTTP/1.1")
        #expect(head.map { Array($0.rest) } == Array("rest".utf8))
    }
}
