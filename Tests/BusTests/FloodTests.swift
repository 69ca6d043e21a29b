import Bus
import BusCodec
import BusSchema
import EventLoop
import Glibc
import LoopUnderTest
import Primitives
import Testing
import ZeroMQ

/// Subscribers that ask for too much, do not read, or come in crowds: they cost themselves.
@Suite struct FloodTests {
    private static let loose = ZeroMQSocket.Options(sendQueue: 5000, receiveQueue: 1, maximumFrameBytes: 1_000_000)

    private func subscriber(_ fixture: Fixture, to service: ServiceName = .hardwareIO) throws -> ZeroMQSocket {
        let socket = try ZeroMQSocket(.sub, context: fixture.loop.context, options: Self.loose)
        try socket.connect("ipc://\(fixture.directory.path)/\(service).pub")
        return socket
    }

    private func disconnections(_ fixture: Fixture) -> Int {
        fixture.log.count { $0.message == "a subscriber was disconnected" }
    }

    @Test func aSubscriberWithAThousandTopicsIsDisconnectedAndWhatItAskedForIsForgotten() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let modest = fixture.client()
        try modest.subscribe(to: .hardwareIO, topics: ["hardware.card"]) { _, _ in }
        let greedy = try subscriber(fixture)
        for number in 0..<1000 { greedy.subscribe("topic.\(number)") }
        try fixture.loop.run(until: { disconnections(fixture) > 0 })
        // It comes back by itself and is disconnected again; once it has ended, nothing of it is left.
        greedy.close()
        try fixture.loop.run(until: { (0..<1000).allSatisfy { !endpoint.isWanted("topic.\($0)") } })
        #expect(endpoint.isWanted("hardware.card"))
    }

    @Test func asManyTopicsAsASubscriberMayHaveAreServed() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let subscriber = try subscriber(fixture)
        for number in 0..<BusLimits.subscriptionsPerPeer { subscriber.subscribe("topic.\(number)") }
        // In any order: libzmq tells a new connection in its own.
        let topics = (0..<BusLimits.subscriptionsPerPeer).map { "topic.\($0)" }
        try fixture.loop.run(until: { topics.allSatisfy { endpoint.isWanted($0) } })
        #expect(disconnections(fixture) == 0)
        subscriber.close()
    }

    /// Counted over the life of a connection: whoever asks and takes back costs as much as whoever keeps.
    @Test func whatASubscriberTakesBackCountsUntilItConnectsAnew() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let subscriber = try subscriber(fixture)
        subscriber.subscribe("first")
        try fixture.loop.run(until: { endpoint.isWanted("first") })
        for number in 2..<BusLimits.subscriptionsPerPeer {
            subscriber.subscribe("topic.\(number)")
            subscriber.unsubscribe("topic.\(number)")
        }
        subscriber.subscribe("last")
        try fixture.loop.run(until: { endpoint.isWanted("last") })
        #expect(disconnections(fixture) == 0)
        subscriber.subscribe("one more")
        try fixture.loop.run(until: { disconnections(fixture) == 1 })
        // libzmq connects again by itself and asks for what it wants now, three topics; it takes notice of that when its socket is used.
        let wanted = ["first", "last", "one more"]
        try fixture.loop.run(until: {
            _ = try? subscriber.receive()
            return wanted.allSatisfy { endpoint.isWanted($0) }
        })
        #expect(disconnections(fixture) == 1)
        subscriber.close()
    }

    @Test func theLongestTopicIsServedAndALongerOneIsNot() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let allowed = String(repeating: "a", count: BusLimits.topicBytes)
        let long = try subscriber(fixture)
        long.subscribe(String(repeating: "b", count: 4096))
        let fitting = try subscriber(fixture)
        fitting.subscribe(allowed)
        try fixture.loop.run(until: { endpoint.isWanted(allowed) })
        #expect(!endpoint.isWanted(String(repeating: "b", count: 4096)))
        long.close()
        fitting.close()
    }

    @Test func topicsThatAreTooLongTogetherAreTooMuchToo() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let greedy = try subscriber(fixture)
        let tail = String(repeating: "x", count: 90)
        for number in 10..<(11 + BusLimits.topicBytesPerPeer / 92) { greedy.subscribe("\(number)\(tail)") }
        try fixture.loop.run(until: { disconnections(fixture) > 0 })
        greedy.close()
        try fixture.loop.run(until: { !endpoint.isWanted("10\(tail)") })
    }

    @Test func aSubscriberThatDoesNotReadIsDisconnectedBeforeMuchWaitsForIt() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let still = try subscriber(fixture)
        still.subscribe("hardware.card")
        try fixture.loop.run(until: { endpoint.isWanted("hardware.card") })
        let client = fixture.client()
        var received = 0
        try client.subscribe(to: .hardwareIO, topics: ["hardware.card"]) { _, _ in received += 1 }
        var isReady = false
        endpoint.publish(ReaderState(readerId: 1, connectorIds: [], faults: [], simulated: true))
        try client.subscribe(to: .hardwareIO, topics: [ReaderState.type]) { _, _ in isReady = true }
        try fixture.loop.run(until: { isReady })
        // A tenth of what the queue in messages would let wait, in portions that a reader has read before the next.
        let tag = String(repeating: "A", count: 100_000)
        var portions = 0
        while disconnections(fixture) == 0, portions < 100 {
            endpoint.publish(CardPresented(readerId: 1, connectorIds: [1], idTag: tag))
            portions += 1
            try fixture.loop.run(until: { received == portions })
        }
        #expect(disconnections(fixture) == 1)
        let published = portions * 100_000
        #expect(published > BusLimits.unreadBytesPerPeer / 2)
        #expect(published < BusLimits.unreadBytesPerPeer * 2)
        still.close()
    }

    @Test func askingWhetherATopicIsWantedTakesNoLongerWithManySubscribers() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        // Of this thread's own time, because other programs may want the processor, too.
        func cpuTime() -> Duration {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }
        func measure() -> Duration {
            let lengths = (0..<5).map { _ in
                let start = cpuTime()
                for _ in 0..<2000 { _ = endpoint.isWanted("hardware.meter.1") }
                return cpuTime() - start
            }
            return lengths.min() ?? .zero
        }
        let sockets = try (0..<16).map { _ in try subscriber(fixture) }
        sockets[0].subscribe("other.000")
        try fixture.loop.run(until: { endpoint.isWanted("other.000") })
        let alone = measure()
        for (index, socket) in sockets.enumerated() {
            for number in 0..<60 { socket.subscribe("other.\(100 + index * 60 + number)") }
        }
        try fixture.loop.run(until: { (0..<960).allSatisfy { endpoint.isWanted("other.\(100 + $0)") } })
        #expect(measure() < alone * 4 + .milliseconds(1))
        for socket in sockets { socket.close() }
    }

    @Test func whatAMessageCameThroughIsNamedWithTheProcessAtItsOtherEnd() throws {
        let fixture = try Fixture()
        let path = "\(fixture.directory.path)/origin.pub"
        defer { unlink(path) }
        let publisher = try ZeroMQSocket(.xpub, context: fixture.loop.context, options: Self.loose)
        try publisher.bind("ipc://\(path)")
        let subscriber = try ZeroMQSocket(.sub, context: fixture.loop.context, options: Self.loose)
        try subscriber.connect("ipc://\(path)")
        subscriber.subscribe("a")
        var poll = PollSet([(.socket(publisher), .readable)])
        #expect(try poll.wait(milliseconds: 10_000) == 1)
        let origin = try #require(try publisher.receiveWithOrigin()?.origin)
        #expect(origin.peer == .init(process: getpid(), user: geteuid()))
        #expect(LocalSocket.peer(of: origin.descriptor)?.process == getpid())
        subscriber.close()
        publisher.close()
    }
}
