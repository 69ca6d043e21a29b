import Testing
import ZMTP

/// ZMTP 3.0 as https://rfc.zeromq.org/spec/23 has it, from the side of a subscriber.
@Suite struct ZMTPPublisherTests {
    private static let greeting: [UInt8] =
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)

    private static func ready(_ type: String) -> [UInt8] {
        let body = [5] + Array("READY".utf8) + [11] + Array("socket-type".utf8) + [0, 0, 0, UInt8(type.utf8.count)]
        let whole = body + Array(type.utf8) + [8] + Array("Identity".utf8) + [0, 0, 0, 0]
        return [4, UInt8(whole.count)] + whole
    }

    private static func command(_ name: String, _ data: [UInt8]) -> [UInt8] {
        [4, UInt8(1 + name.utf8.count + data.count), UInt8(name.utf8.count)] + Array(name.utf8) + data
    }

    private func connected() throws -> ZMTPPublisher {
        var end = ZMTPPublisher(longestTopic: 100)
        #expect(try end.receive(Self.greeting + Self.ready("SUB")) == [.ready])
        return end
    }

    @Test func whatWeSendFirstIsTheGreetingAndTheReadyOfTheSpecification() {
        let expected: [UInt8] =
            [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
            + [4, 26, 5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 4] + Array("XPUB".utf8)
        #expect(ZMTPPublisher.opening == expected)
    }

    @Test func aSubscriberIsUnderstoodInWhateverPiecesItsBytesCome() throws {
        let bytes =
            Self.greeting + Self.ready("SUB") + [0, 4, 1] + Array("abc".utf8) + [0, 1, 1, 0, 4, 0] + Array("abc".utf8)
        let expected: [ZMTPPublisher.Event] = [
            .ready, .subscribe(Array("abc".utf8)), .subscribe([]), .cancel(Array("abc".utf8)),
        ]
        for size in [1, 2, 7, 63, 64, 65, bytes.count] {
            var end = ZMTPPublisher(longestTopic: 100)
            var events: [ZMTPPublisher.Event] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                events += try end.receive(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(events == expected, "pieces of \(size)")
            #expect(end.isReady)
        }
    }

    @Test func aLongFrameAndTheCommandsOfVersion31MeanTheSame() throws {
        var end = try connected()
        #expect(try end.receive([2, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0x61]) == [.subscribe([0x61])])
        #expect(try end.receive(Self.command("SUBSCRIBE", [0x61])) == [.subscribe([0x61])])
        #expect(try end.receive(Self.command("CANCEL", [0x61])) == [.cancel([0x61])])
    }

    /// Commands may be longer than messages; what they name may not.
    @Test(arguments: ["SUBSCRIBE", "CANCEL"]) func aTopicHasTheSameLimitInACommandAsInAMessage(name: String) throws {
        let longest = [UInt8](repeating: 0x61, count: 100)
        var end = try connected()
        #expect(
            try end.receive(Self.command(name, longest)) == [name == "CANCEL" ? .cancel(longest) : .subscribe(longest)]
        )
        #expect(throws: ZMTPViolation.self) { try end.receive(Self.command(name, longest + [0x61])) }
    }

    @Test func aPingIsAnsweredWithItsContext() throws {
        var end = try connected()
        let events = try end.receive(Self.command("PING", [0, 10] + Array("ctx".utf8)))
        #expect(events == [.answer(Self.command("PONG", Array("ctx".utf8)))])
    }

    @Test func otherMessagesAndCommandsMeanNothing() throws {
        var end = try connected()
        #expect(try end.receive([0, 0, 0, 2, 7, 7] + Self.command("OTHER", [])) == [])
        // The end of a message of two frames, which looks like a subscription.
        #expect(try end.receive([1, 2, 1, 0x61, 0, 2, 1, 0x62, 0, 2, 1, 0x63]) == [.subscribe([0x63])])
    }

    @Test func theLongestTopicIsTakenAndALongerOneIsAViolationBeforeItHasCome() throws {
        var end = try connected()
        let longest = [UInt8](repeating: 0x61, count: 100)
        #expect(try end.receive([0, 101, 1] + longest) == [.subscribe(longest)])
        #expect(throws: ZMTPViolation.self) { try end.receive([0, 102]) }
        var other = try connected()
        #expect(throws: ZMTPViolation.self) { try other.receive([2] + [UInt8](repeating: 0xFF, count: 8)) }
    }

    @Test(arguments: [
        Array("GET / HTTP/1.1".utf8),
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1] + [UInt8](repeating: 0, count: 53),
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("CURVE".utf8) + [UInt8](repeating: 0, count: 47),
        greeting + ready("DEALER"), greeting + [0, 2, 1, 0x61], greeting + command("ERROR", [0]), greeting + [4, 0],
        greeting + command("READY", []),
        greeting + command("READY", [11] + Array("Socket-Type".utf8) + [0xFF, 0xFF, 0xFF, 0xFF]),
        greeting + ready("SUB") + [8, 0], greeting + ready("SUB") + [5, 1, 0],
    ])
    func whoSpeaksSomethingElseIsAViolation(bytes: [UInt8]) {
        var end = ZMTPPublisher(longestTopic: 100)
        #expect(throws: ZMTPViolation.self) { try end.receive(bytes) }
    }

    @Test func aMessageIsWrittenWithShortAndLongFrames() {
        let long = [UInt8](repeating: 7, count: 300)
        #expect(ZMTPFrame.message([[1, 2], [], long]) == [1, 2, 1, 2, 1, 0, 2, 0, 0, 0, 0, 0, 0, 1, 44] + long)
        let limit = [UInt8](repeating: 7, count: 255)
        #expect(ZMTPFrame.message([limit]) == [0, 255] + limit)
    }
}
