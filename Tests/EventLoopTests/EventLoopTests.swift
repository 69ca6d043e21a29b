import EventLoop
import Glibc
import LoopUnderTest
import Primitives
import Testing
import ZeroMQ

@Suite struct EventLoopTests {
    @Test func bothClocksAreReadInTheUnitsOfAMoment() {
        let first = EventLoop.now()
        let second = EventLoop.now()
        #expect(second.uptime >= first.uptime)
        #expect(first.uptime > .seconds(1))
        #expect(first.utc > Timestamp(millisecondsSinceEpoch: 1_600_000_000_000))
    }

    private enum Name: String, DeadlineName { case late, early, past }

    @Test func deadlinesFireInOrderAndNeverEarly() throws {
        let loop = try EventLoop()
        var deadlines = Deadlines<Name>()
        let start = EventLoop.uptime()
        deadlines.set(.late, at: start + .milliseconds(20))
        deadlines.set(.early, at: start + .milliseconds(5))
        deadlines.set(.past, at: start - .seconds(1))
        var fired: [Name] = []
        loop.addDeadlineSource(next: { deadlines.next }) { moment in
            while let name = deadlines.popDue(at: moment.uptime) {
                fired.append(name)
                if name != .past { #expect(moment.uptime >= start + .milliseconds(5)) }
            }
        }
        try loop.run(until: { fired.count == 3 })
        #expect(fired == [.past, .early, .late])
    }

    @Test func aDeadlineThatWasTakenBackWakesTheLoopAtMostOnce() throws {
        let loop = try EventLoop()
        var due: Duration? = EventLoop.uptime() + .milliseconds(10)
        var fired = 0
        loop.addDeadlineSource(next: { Deadline(at: due, for: "a test") }) { _ in fired += 1 }
        loop.enqueue { due = EventLoop.uptime() + .seconds(1000) }
        let end = EventLoop.uptime() + .milliseconds(40)
        try loop.run(until: { EventLoop.uptime() >= end })
        #expect(loop.wakeUps <= 6)
        #expect(fired <= 1)
    }

    @Test func anIdleLoopDoesNotWakeUp() throws {
        let loop = try EventLoop()
        let end = EventLoop.uptime() + .milliseconds(50)
        loop.addDeadlineSource(next: { Deadline(at: end, for: "a test") }) { _ in loop.stop() }
        try loop.run()
        #expect(loop.wakeUps == 1)
    }

    @Test func aHandlerMayEndItsOwnWatchAndThatOfAnother() throws {
        let loop = try EventLoop()
        let pipes = [try Pipe(), try Pipe()]
        for pipe in pipes { pipe.write("x") }
        var watches: [Watch] = []
        var calls = 0
        for pipe in pipes {
            watches.append(
                loop.watch(descriptor: pipe.readEnd) { _ in
                    calls += 1
                    for watch in watches { loop.unwatch(watch) }
                }
            )
        }
        var rounds = 0
        loop.addDeadlineSource(next: { Deadline(at: .zero, for: "a test") }) { _ in
            rounds += 1
            if rounds == 5 { loop.stop() }
        }
        try loop.run()
        #expect(calls == 1)
    }

    @Test func aModifiedWatchWaitsForTheNewInterest() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        let seen = Recorder<Watch.Interest>()
        let watch = loop.watch(descriptor: pipe.writeEnd, interest: []) { seen.elements.append($0) }
        loop.enqueue { loop.modify(watch, interest: .writable) }
        try loop.run(until: { !seen.elements.isEmpty })
        #expect(seen.elements.first == .writable)
        loop.unwatch(watch)
        loop.unwatch(watch)
    }

    @Test func deferredWorkRunsAfterTheHandlerThatDeferredIt() throws {
        let loop = try EventLoop()
        var order: [String] = []
        loop.enqueue {
            loop.enqueue { order.append("deferred") }
            order.append("handler")
        }
        try loop.run(until: { order.count == 2 })
        #expect(order == ["handler", "deferred"])
    }

    @Test func terminationSignalsReachTheHandlerAndHangupsTheirs() throws {
        let loop = try EventLoop()
        var terminations = 0
        var hangups = 0
        loop.onTermination = { terminations += 1 }
        loop.onHangup = { hangups += 1 }
        // To this thread only: other tests have loops of their own.
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            pthread_kill(pthread_self(), signal)
            try loop.run(until: { terminations + hangups > 0 })
        }
        try loop.run(until: { terminations == 2 && hangups == 1 })
    }

    @Test func messagesOfASocketReachItsHandler() throws {
        let loop = try EventLoop()
        let options = ZeroMQSocket.Options(sendQueue: 10, receiveQueue: 10, maximumFrameBytes: 1000)
        let server = try ZeroMQSocket(.router, context: loop.context, options: options)
        let client = try ZeroMQSocket(.dealer, context: loop.context, options: options)
        try server.bind("inproc://test")
        try client.connect("inproc://test")
        var answers: [[[UInt8]]] = []
        let serverWatch = loop.watch(socket: server) {
            while let message = try? server.receive() { _ = try? server.send(message) }
        }
        let clientWatch = loop.watch(socket: client) {
            while let message = try? client.receive() { answers.append(message) }
        }
        for index in 0..<3 { _ = try client.send([[UInt8(index)], []]) }
        try loop.run(until: { answers.count == 3 })
        #expect(answers == [[[0], []], [[1], []], [[2], []]])
        loop.unwatch(serverWatch)
        loop.unwatch(clientWatch)
    }
}

/// A pipe for tests, closed with the value that owns it.
final class Pipe {
    let readEnd: Int32
    let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError(code: errno, operation: "create a pipe") }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func write(_ text: String) { _ = Glibc.write(writeEnd, text, text.utf8.count) }
}
