import Primitives
import TLS
import Testing

@Suite struct TLSConnectionTests {
    private let authority: Authority

    init() throws {
        authority = try Authority()
        try authority.issue()
    }

    private func opening(_ events: [TLSConnection.Event]) -> (words: String, validity: Validity?)? {
        for case .opened(let words, let validity) in events { return (words, validity) }
        return nil
    }

    private func received(_ events: [TLSConnection.Event]) -> [UInt8] {
        events.flatMap { event in if case .received(let bytes) = event { bytes } else { [UInt8]() } }
    }

    @Test(arguments: [1, 2, 7, 1000, .max])
    func bytesGoBothWaysInAnyChunking(chunk: Int) throws {
        var pair = try Pair(authority)
        pair.exchange(chunk: chunk)
        #expect(pair.client.isOpen && pair.server.isOpen)
        let much = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        pair.exchange(pair.client.send(much), chunk: chunk)
        #expect(received(pair.serverEvents) == much)
        pair.tellClient(pair.server.send([1, 2, 3]))
        #expect(received(pair.clientEvents) == [1, 2, 3])
    }

    @Test func itSaysHowItIsEncrypted() throws {
        var pair = try Pair(authority)
        pair.exchange()
        #expect(opening(pair.clientEvents)?.words == "TLSv1.3, TLS_AES_128_GCM_SHA256")
    }

    @Test func nothingIsSentBeforeTheHandshakeOrAfterTheEnd() throws {
        var pair = try Pair(authority)
        #expect(pair.client.send([1]) == nil)
        pair.exchange()
        #expect(pair.client.send([]) == [])
        #expect(!pair.client.close().isEmpty)
        #expect(pair.client.send([1]) == nil)
        #expect(pair.client.close().isEmpty)
    }

    @Test func whatCameBeforeAGoodEndIsThere() throws {
        var pair = try Pair(authority)
        pair.exchange()
        let last = try #require(pair.server.send([9]))
        pair.tellClient(last + pair.server.close())
        #expect(pair.clientEvents.suffix(2) == [.received([9]), .ended])
        #expect(!pair.client.isOpen)
        #expect(pair.client.receiveEndOfStream().isEmpty)
    }

    @Test(arguments: [0, 1, 5, 6, 90, 300, 700])
    func aStreamThatEndsInTheHandshakeIsAFailure(length: Int) throws {
        let pair = try Pair(authority)
        let answer = pair.server.receive(pair.client.start()).output
        #expect(answer.count > length)
        #expect(pair.client.receive(Array(answer.prefix(length))).events.isEmpty)
        let words = "the connection ended in the middle of the TLS handshake"
        #expect(pair.client.receiveEndOfStream() == [.failed(TLSFailure(.protocolError, words))])
        #expect(pair.client.receiveEndOfStream().isEmpty)
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", "SSH-2.0-OpenSSH_9.2\r\n",
    ])
    func anythingElseThanTLSIsAFailure(text: String) throws {
        let pair = try Pair(authority)
        _ = pair.client.start()
        let events = pair.client.receive(Array(text.utf8)).events
        #expect(events.count == 1)
        guard case .failed(let failure)? = events.first else { return #expect(Bool(false)) }
        #expect(failure.description.hasPrefix("the central system does not speak TLS on this port"))
        #expect(pair.client.receive(Array(text.utf8)).events.isEmpty)
    }

    /// Whatever a network does to a record, nothing of it is believed.
    @Test func everyFlippedBitOfARecordEndsTheConnection() throws {
        for position in [0, 1, 3, 5, 6, 20] {
            var pair = try Pair(authority)
            pair.exchange()
            var record = try #require(pair.server.send(Array("[3,\"1\",{}]".utf8)))
            record[position] ^= 0x40
            pair.tellClient(record)
            pair.tellClient([UInt8](repeating: 0, count: 20_000))
            #expect(received(pair.clientEvents).isEmpty)
            #expect(!pair.client.isOpen, "position \(position)")
        }
    }

    @Test func randomBytesNeverStopIt() throws {
        var random = SeededRandom(seed: 7)
        for _ in 0..<300 {
            let pair = try Pair(authority)
            _ = pair.client.start()
            let start: [UInt8] = random.next() % 2 == 0 ? [22, 3, 3] : []
            for _ in 0..<4 {
                let noise = (0..<(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                _ = pair.client.receive(start + noise)
            }
            #expect(!pair.client.isOpen)
        }
    }

    // MARK: - Resumption

    private func contexts() throws -> (client: TLSContext, server: TLSContext) {
        (
            try TLSContext.client(roots: try authority.read("root.pem")),
            try TLSContext.server(certificates: try authority.read("server.pem"), key: try authority.read("server.key"))
        )
    }

    @Test func theNextConnectionResumes() throws {
        let (trust, own) = try contexts()
        var first = try Pair(authority, trusting: trust, server: own)
        first.exchange()
        #expect(!first.client.isResumed)
        let session = try #require(first.client.session)
        var second = try Pair(authority, trusting: trust, resuming: session, server: own)
        second.exchange()
        #expect(second.client.isOpen && second.client.isResumed)
        let opened = try #require(opening(second.clientEvents))
        #expect(opened.words == "TLSv1.3, TLS_AES_128_GCM_SHA256, resumed")
        #expect(opened.validity == opening(first.clientEvents)?.validity)
    }

    @Test func aSessionEndsWithItsCertificate() throws {
        let (trust, own) = try contexts()
        var first = try Pair(authority, trusting: trust, server: own)
        first.exchange()
        let later = KnownTime.about(Pair.today.advanced(by: .seconds(40 * 86_400)))
        var second = try Pair(authority, trusting: trust, time: later, resuming: first.client.session, server: own)
        second.exchange()
        #expect(second.failure?.cause == .certificate)
    }

    /// A session is resumed without a look at any certificate, so that it ends with the first one of the chain that does.
    @Test func aSessionEndsWithTheFirstCertificateOfItsChain() throws {
        try authority.issueByIntermediate(validDays: 10)
        let (trust, own) = try contexts()
        var first = try Pair(authority, trusting: trust, server: own)
        first.exchange()
        let end = try #require(opening(first.clientEvents)?.validity).end
        let tenDays = Pair.today.advanced(by: .seconds(10 * 86_400))
        #expect(abs(end.millisecondsSinceEpoch - tenDays.millisecondsSinceEpoch) < 600_000)
        let later = KnownTime.about(Pair.today.advanced(by: .seconds(11 * 86_400)))
        var second = try Pair(authority, trusting: trust, time: later, resuming: first.client.session, server: own)
        second.exchange()
        #expect(second.failure?.cause == .certificate)
    }

    @Test func aSessionThatTheServerHasForgottenIsNoHindrance() throws {
        let (trust, own) = try contexts()
        var first = try Pair(authority, trusting: trust, server: own)
        first.exchange()
        var second = try Pair(authority, trusting: trust, resuming: first.client.session)
        second.exchange()
        #expect(second.client.isOpen && !second.client.isResumed)
    }
}
