import EventLoop
import Primitives
import Testing
import ZeroMQ

@testable import Bus

@Suite struct PublisherTests {
    @Test func oneTurnTakesAHundredSubscriptionsAtMostHoweverManyWait() throws {
        let loop = try EventLoop()
        let options = ZeroMQSocket.Options(sendQueue: 1000, receiveQueue: 1000, maximumFrameBytes: 1000)
        let socket = try ZeroMQSocket(.xpub, context: loop.context, options: options)
        // Inside one process, what is sent waits at its receiver at once.
        try socket.bind("inproc://publisher")
        let publisher = Publisher(
            socket,
            at: "/nowhere",
            loop: loop,
            repeatInterval: .seconds(60),
            traffic: TrafficRing()
        ) { _ in }
        let subscriber = try ZeroMQSocket(.sub, context: loop.context, options: options)
        try subscriber.connect("inproc://publisher")
        let topics = (1000..<1350).map { "topic.\($0)" }
        for topic in topics { subscriber.subscribe(topic) }
        var taken: [Int] = []
        // Asked before every wait.
        try loop.run(until: {
            taken.append(topics.count { publisher.isWanted($0) })
            return taken.last == topics.count
        })
        #expect(zip(taken, taken.dropFirst()).allSatisfy { $1 - $0 <= 100 })
        subscriber.close()
    }
}
