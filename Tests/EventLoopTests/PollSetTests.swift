import Glibc
import Testing
import ZeroMQ

/// A poll set does not ask a socket that nobody used; what must never happen is that a message waits unseen.
@Suite struct PollSetTests {
    private static let options = ZeroMQSocket.Options(sendQueue: 10, receiveQueue: 10, maximumFrameBytes: 1000)

    private let context: ZeroMQContext
    private let asking: ZeroMQSocket
    private let answering: ZeroMQSocket
    private var poll: PollSet

    init() throws {
        context = try ZeroMQContext()
        answering = try ZeroMQSocket(.router, context: context, options: Self.options)
        try answering.bind("inproc://answering")
        asking = try ZeroMQSocket(.dealer, context: context, options: Self.options)
        try asking.connect("inproc://answering")
        poll = PollSet([(.socket(asking), .readable)])
    }

    /// Lets `count` answers wait for the asking socket.
    private func answer(_ count: Int) throws {
        #expect(try asking.send([[1]]) == .sent)
        let question = try #require(try answering.receive())
        for _ in 0..<count { #expect(try answering.send(question) == .sent) }
    }

    @Test mutating func aMessageIsFoundAgainUntilItIsTaken() throws {
        #expect(try poll.wait(milliseconds: 0) == 0)
        try answer(1)
        for _ in 0..<3 {
            #expect(try poll.wait(milliseconds: -1) == 1)
            #expect(poll.readiness(at: 0) == .readable)
        }
        #expect(try asking.receive() != nil)
        #expect(try poll.wait(milliseconds: 0) == 0)
        #expect(poll.readiness(at: 0) == [])
    }

    /// Taking the first message takes in all that was signalled, so that the descriptor is silent about the second.
    @Test mutating func whatIsLeftBehindIsFoundWithoutASignal() throws {
        #expect(try poll.wait(milliseconds: 0) == 0)
        try answer(2)
        #expect(try asking.receive() != nil)
        #expect(try poll.wait(milliseconds: 0) == 1)
    }

    /// So does a receive that finds nothing, and the next message comes with a signal of its own.
    @Test mutating func aSocketThatWasFoundEmptyIsSignalledAnew() throws {
        for _ in 0..<3 {
            #expect(try asking.receive() == nil)
            #expect(try poll.wait(milliseconds: 0) == 0)
            try answer(1)
            #expect(try poll.wait(milliseconds: -1) == 1)
            #expect(try asking.receive() != nil)
        }
    }

    @Test mutating func aSetBuiltLaterFindsWhatWaited() throws {
        #expect(try poll.wait(milliseconds: 0) == 0)
        try answer(1)
        #expect(try poll.wait(milliseconds: 0) == 1)
        var later = PollSet([(.socket(asking), .readable)])
        #expect(try later.wait(milliseconds: 0) == 1)
    }

    @Test mutating func aDescriptorBesideAFullSocketIsFoundToo() throws {
        var pair: [Int32] = [0, 0]
        #expect(pipe(&pair) == 0)
        defer { close(pair[0]) }
        var both = PollSet([(.descriptor(pair[0]), .readable), (.socket(asking), .readable)])
        try answer(1)
        #expect(write(pair[1], "x", 1) == 1)
        #expect(try both.wait(milliseconds: -1) == 2)
        #expect(both.readiness(at: 0) == .readable)
        close(pair[1])
        #expect(try both.wait(milliseconds: -1) == 2)
        #expect(both.readiness(at: 0) == [.readable, .failed])
    }

    @Test func aDescriptorThatIsNotOpenIsAnErrorAndNoEndlessWait() throws {
        // Above any limit, so that no other test opens it.
        var one = PollSet([(.descriptor(Int32.max), .readable)])
        #expect(throws: ZeroMQError.self) { try one.wait(milliseconds: 0) }
    }
}
