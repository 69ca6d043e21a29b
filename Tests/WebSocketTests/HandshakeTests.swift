import Primitives
import Testing

@testable import WebSocket

@Suite struct ClientHandshakeTests {
    /// A generator whose first sixteen bytes are those of RFC 6455 §1.3: `the sample nonce`.
    private struct SampleNonce: RandomNumberGenerator {
        var words: [UInt64] = ["the samp", "le nonce"].map { $0.utf8.reduce(0) { $0 << 8 | UInt64($1) } }
        mutating func next() -> UInt64 { words.isEmpty ? 0 : words.removeFirst() }
    }

    private static let answer = [
        "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Sec-WebSocket-Protocol: ocpp1.6",
    ]

    private func head(_ lines: [String], lineEnd: String = "\r\n") -> [UInt8] {
        Array((lines + ["", ""]).joined(separator: lineEnd).utf8)
    }

    private func answered(_ bytes: [UInt8], subprotocols: [String] = ["ocpp1.6"]) throws -> [WebSocketEvent] {
        var nonce = SampleNonce()
        var client = WebSocketConnection.client(
            url: try WebSocketURL(Pair.url),
            subprotocols: subprotocols,
            using: &nonce
        ).connection
        return client.receive(bytes, using: &nonce)
    }

    private func cause(_ lines: [String]) throws -> UpgradeFailure.Cause? {
        guard case .upgradeFailed(let failure) = try answered(head(lines)).first else { return nil }
        return failure.cause
    }

    // Shows: J-CON-01, J-CON-05, J-CON-20, J-CON-22
    @Test func theRequestIsThatOfTheSpecification() throws {
        var nonce = SampleNonce()
        let request = WebSocketConnection.client(
            url: try WebSocketURL("ws://some.server.com:33033/webServices/ocpp").appending(identity: "CP3211"),
            subprotocols: ["ocpp1.6", "ocpp1.5"],
            credentials: BasicCredentials(user: "AL1000", password: [1, 2]),
            using: &nonce
        ).request
        let expected = [
            "GET /webServices/ocpp/CP3211 HTTP/1.1", "Host: some.server.com:33033", "Upgrade: websocket",
            "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: ocpp1.6, ocpp1.5", "Authorization: Basic QUwxMDAwOgEC", "", "",
        ]
        #expect(String(decoding: request, as: UTF8.self) == expected.joined(separator: "\r\n"))
    }

    @Test func theAcceptKeyIsThatOfTheRFC() throws {
        #expect(HandshakeKey.accept(for: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(try answered(head(Self.answer)) == [.opened(subprotocol: "ocpp1.6")])
    }

    @Test func caseOrderSpacesAndBareLineFeedsDoNotMatter() throws {
        let lines = [
            "HTTP/1.1 101", "server: x:y", "SEC-WEBSOCKET-PROTOCOL:ocpp1.6", "connection:  keep-alive ,\tUPGRADE ",
            "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo= ", "UPGRADE: WebSocket",
        ]
        #expect(try answered(head(lines)) == [.opened(subprotocol: "ocpp1.6")])
        #expect(try answered(head(lines, lineEnd: "\n")) == [.opened(subprotocol: "ocpp1.6")])
    }

    @Test func framesMayFollowTheAnswerInTheSamePacket() throws {
        let events = try answered(head(Self.answer) + rawFrame(0x81, Array("[]".utf8)))
        #expect(events == [.opened(subprotocol: "ocpp1.6"), text("[]")])
    }

    /// RFC 9110 §15.2: whether they were asked for or not.
    @Test func interimAnswersMayComeBeforeTheAnswer() throws {
        let hints = head(["HTTP/1.1 103 Early Hints", "Link: </style.css>; rel=preload"])
        let proceed = head(["HTTP/1.1 100 Continue"])
        #expect(try answered(proceed + hints + head(Self.answer)) == [.opened(subprotocol: "ocpp1.6")])
        #expect(try answered(hints) == [])
        guard case .upgradeFailed(let failure)? = try answered(hints + head(["HTTP/1.1 503 Service Unavailable"])).first
        else {
            Issue.record("a refusal behind an interim answer was not seen")
            return
        }
        #expect(failure.cause == .status(503))
        guard case .upgradeFailed(let endless)? = try answered((0..<11).flatMap { _ in proceed }).first else {
            Issue.record("interim answers without end were accepted")
            return
        }
        #expect(endless.cause == .status(100))
    }

    // Shows: J-CON-06
    /// J §3.2.
    @Test func anAnswerWithoutOurSubprotocolIsAFailedConnection() throws {
        #expect(try cause(Self.answer.dropLast()) == .subprotocolRefused(answered: nil))
        for other in ["ocpp1.5", "OCPP1.6", "ocpp1.6, ocpp1.5", ""] {
            let lines = Self.answer.dropLast() + ["Sec-WebSocket-Protocol: \(other)"]
            #expect(try cause(Array(lines)) == .subprotocolRefused(answered: other))
        }
        let doubled = Self.answer + ["Sec-WebSocket-Protocol: ocpp1.6"]
        #expect(try cause(doubled) == .subprotocolRefused(answered: "ocpp1.6, ocpp1.6"))
    }

    // Shows: J-CON-18
    @Test(arguments: [
        (0, "HTTP/1.1 404 Not Found", UpgradeFailure.Cause.status(404)),
        (0, "HTTP/1.0 401 Unauthorized", .status(401)),
        (0, "HTTP/1.1 200 OK", .status(200)),
        (0, "HTTP/1.0 101 Switching Protocols", .malformed(.malformedStartLine)),
        (0, "HTTP/1.1 10 Short", .malformed(.malformedStartLine)),
        (0, "ICY 200 OK", .malformed(.malformedStartLine)),
        (1, "Upgrade: h2c", .wrongField("Upgrade")),
        (1, "X: y", .wrongField("Upgrade")),
        (2, "Connection: close", .wrongField("Connection")),
        (3, "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=", .wrongField("Sec-WebSocket-Accept")),
        (3, "X: y", .wrongField("Sec-WebSocket-Accept")),
        (
            2, "Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate",
            .wrongField("Sec-WebSocket-Extensions")
        ),
        (1, "Upgrade : websocket", .malformed(.malformedField(line: 2))),
        (2, " folded", .malformed(.malformedField(line: 3))),
        (2, "no colon", .malformed(.malformedField(line: 3))),
        (2, ": nameless", .malformed(.malformedField(line: 3))),
        (2, "X: a\u{0}b", .malformed(.malformedField(line: 3))),
    ])
    func anyOtherAnswerNamesWhatWasWrong(line: Int, replacement: String, expected: UpgradeFailure.Cause) throws {
        var lines = Self.answer
        lines[line] = replacement
        #expect(try cause(lines) == expected)
    }

    @Test func aRefusalCarriesItsStatusLineAndFirstBytes() throws {
        let refusal = head(["HTTP/1.1 503 Service Unavailable", "Content-Length: 300"])
        let events = try answered(refusal + Array(repeating: UInt8(ascii: "x"), count: 300))
        guard case .upgradeFailed(let failure)? = events.first else {
            Issue.record("no failure")
            return
        }
        #expect(events.count == 1)
        #expect(failure.cause == .status(503))
        #expect(failure.startLine == "HTTP/1.1 503 Service Unavailable")
        #expect(failure.firstBytes == Array(repeating: UInt8(ascii: "x"), count: 200))
        #expect(failure.description == "the server refused the WebSocket: HTTP/1.1 503 Service Unavailable")
    }

    @Test func headsHaveLimits() throws {
        let long = Self.answer + ["X: " + String(repeating: "a", count: 17_000)]
        let endless = Array(repeating: UInt8(ascii: "a"), count: 16 * 1024)
        let many = Self.answer + (0..<100).map { "X-\($0): y" }
        #expect(try cause(long) == .malformed(.tooLong(limitBytes: 16_384)))
        #expect(try cause(many) == .malformed(.tooManyFields(limit: 100)))
        guard case .upgradeFailed(let failure)? = try answered(endless).first else {
            Issue.record("an endless line was accepted")
            return
        }
        #expect(failure.cause == .malformed(.tooLong(limitBytes: 16_384)))
    }

    @Test func aStreamThatEndsIsAFailureOnce() throws {
        var (client, random) = try Self.fresh()
        let nothing = client.receive(Array("HTTP/1.1 1".utf8), using: &random)
        let ended = client.receiveEndOfStream()
        let again = client.receiveEndOfStream()
        #expect(nothing == [])
        #expect(
            ended == [
                .upgradeFailed(
                    UpgradeFailure(.endOfStream, startLine: "HTTP/1.1 1", firstBytes: Array("HTTP/1.1 1".utf8))
                )
            ]
        )
        #expect(again == [])
        #expect(client.isClosed)
    }

    private static func fresh() throws -> (WebSocketConnection, SeededRandom) {
        var random = SeededRandom(seed: 3)
        let url = try WebSocketURL(Pair.url)
        return (WebSocketConnection.client(url: url, subprotocols: ["ocpp1.6"], using: &random).connection, random)
    }
}

@Suite struct ServerHandshakeTests {
    private static let request = [
        "GET /ocpp/RDAM%20123?x=1 HTTP/1.1", "Host: csms.example:8080", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
    ]

    private func requested(_ lines: [String]) -> (WebSocketConnection, [WebSocketEvent]) {
        var random = SeededRandom(seed: 4)
        var server = WebSocketConnection.server()
        let bytes = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
        let events = server.receive(bytes, using: &random)
        return (server, events)
    }

    @Test func theOwnerSeesWhatTheClientWants() throws {
        let lines =
            Self.request + [
                "Sec-WebSocket-Protocol: ocpp1.6, ocpp1.5", "sec-websocket-protocol: soap",
                "Authorization: Basic QUwxMDAwOgEC",
            ]
        let (_, events) = requested(lines)
        guard case .upgradeRequested(let request)? = events.first else {
            Issue.record("no request: \(events)")
            return
        }
        #expect(request.target == "/ocpp/RDAM%20123?x=1")
        #expect(request.identity == "RDAM 123")
        #expect(request.host == "csms.example:8080")
        #expect(request.subprotocols == ["ocpp1.6", "ocpp1.5", "soap"])
        #expect(request.credentials == BasicCredentials(user: "AL1000", password: [1, 2]))
    }

    @Test(arguments: [("/", nil), ("/ocpp/", nil), ("/a/%ZZ", nil), ("/a/%FF", nil), ("/CP", "CP"), ("/a/b?c/d", "b")])
    func theIdentityIsTheLastSegment(target: String, identity: String?) {
        let request = UpgradeRequest(target: target, host: "h", subprotocols: [], credentials: nil)
        #expect(request.identity == identity)
    }

    @Test func acceptingAnswersWithTheProofAndTheChoice() {
        var random = SeededRandom(seed: 5)
        var (server, _) = requested(Self.request + ["Sec-WebSocket-Protocol: ocpp1.6"])
        let events = server.accept(subprotocol: "ocpp1.6", using: &random)
        let expected = [
            "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Sec-WebSocket-Protocol: ocpp1.6", "", "",
        ]
        #expect(events == [.send(Array(expected.joined(separator: "\r\n").utf8))])
        #expect(server.isOpen)
    }

    @Test func refusingAnswersWithTheStatusAndEnds() {
        var (server, _) = requested(Self.request)
        let answer = String(decoding: server.refuse(status: 401), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
        #expect(answer.contains("\r\nWWW-Authenticate: Basic "))
        #expect(server.isClosed)
    }

    @Test(arguments: [
        (0, "POST / HTTP/1.1", 405), (0, "GET / HTTP/1.0", 400), (0, "GET  / HTTP/1.1", 400),
        (0, "GET a HTTP/1.1", 400),
        (0, "nonsense", 400), (1, "X: y", 400), (2, "Upgrade: h2c", 400), (3, "Connection: close", 400),
        (4, "Sec-WebSocket-Key: short", 400), (4, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=", 400),
        (5, "Sec-WebSocket-Version: 8", 426), (5, "bad header", 400),
    ])
    func whatIsNoUpgradeIsRefusedWithItsStatus(line: Int, replacement: String, status: Int) {
        var lines = Self.request
        lines[line] = replacement
        let (server, events) = requested(lines)
        guard case .send(let answer)? = events.first, case .upgradeFailed? = events.last else {
            Issue.record("accepted: \(events)")
            return
        }
        #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 \(status) "))
        #expect(events.count == 2)
        #expect(server.isClosed)
    }

    @Test func framesThatComeTooEarlyWaitForTheDecision() {
        var random = SeededRandom(seed: 6)
        var (server, _) = requested(Self.request)
        let early = server.receive(rawFrame(0x81, Array("early".utf8), mask: 9), using: &random)
        let events = server.accept(subprotocol: nil, using: &random)
        #expect(early == [])
        #expect(events.last == text("early"))
        #expect(events.count == 2)
    }

    @Test func tooMuchTooEarlyEndsIt() {
        var random = SeededRandom(seed: 6)
        var (server, _) = requested(Self.request)
        let events = server.receive(Array(repeating: 0, count: 65 * 1024), using: &random)
        #expect(events == [.closed(WebSocketClosure(.violation(.dataBeforeUpgrade), code: .policyViolation))])
    }
}
