import EventLoop
import LoopUnderTest
import Primitives
import Testing

@Suite struct TurnTests {
    private func spend(_ length: Duration) {
        let end = EventLoop.uptime() + length
        while EventLoop.uptime() < end {}
    }

    @Test func aTurnAboveTheLimitIsReportedWithWhatItWasSpentOn() throws {
        let loop = try EventLoop()
        loop.turnLimit = .milliseconds(20)
        var reported: [Turn] = []
        loop.onLongTurn = { reported.append($0) }
        let pipe = try Pipe()
        pipe.write("x")
        var watch: Watch?
        watch = loop.watch(descriptor: pipe.readEnd, for: "the slow reader") { [self] _ in
            if let watch { loop.unwatch(watch) }
            spend(.milliseconds(21))
        }
        try loop.run(until: { !reported.isEmpty })
        #expect(reported.first?.reason == "the slow reader")
        #expect(reported.first.map { $0.length >= .milliseconds(21) } == true)
        #expect(loop.longestTurn == reported.first)
        loop.forgetLongestTurn()
        #expect(loop.longestTurn == nil)
    }

    @Test func theReasonOfADeadlineNamesWhatItTook() throws {
        let loop = try EventLoop()
        var isDue = true
        loop.addDeadlineSource(next: { isDue ? Deadline(at: .zero, for: "the slow deadline") : nil }) { [self] _ in
            isDue = false
            spend(.milliseconds(20))
            loop.stop()
        }
        try loop.run()
        #expect(loop.longestTurn?.reason == "the slow deadline")
    }

    @Test func askingForDeadlinesIsAPartOfTheTurn() throws {
        let loop = try EventLoop()
        loop.addDeadlineSource(
            next: { [self] in
                spend(.milliseconds(20))
                loop.stop()
                return nil
            },
            fire: { _ in }
        )
        loop.enqueue {}
        try loop.run()
        #expect(loop.longestTurn?.reason == "deadlines are asked for")
        #expect(loop.longestTurn.map { $0.length >= .milliseconds(20) } == true)
    }

    @Test func aSourceThatIsNotDueIsAskedOncePerTurn() throws {
        let loop = try EventLoop()
        let far = EventLoop.uptime() + .seconds(1000)
        var asked = 0
        loop.addDeadlineSource(
            next: {
                asked += 1
                return Deadline(at: far, for: "a test")
            },
            fire: { _ in }
        )
        var rounds = 0
        loop.addDeadlineSource(next: { Deadline(at: .zero, for: "a round") }) { _ in
            rounds += 1
            if rounds == 50 { loop.stop() }
        }
        try loop.run()
        #expect(loop.wakeUps == 50)
        #expect(asked == 50)
    }

    @Test func aDeadlineTakenBackInItsOwnTurnDoesNotFire() throws {
        let loop = try EventLoop()
        var isWanted = true
        var fired = 0
        loop.addDeadlineSource(next: { isWanted ? Deadline(at: .zero, for: "a test") : nil }) { _ in fired += 1 }
        loop.enqueue {}
        let pipe = try Pipe()
        pipe.write("x")
        loop.watch(descriptor: pipe.readEnd) { _ in
            isWanted = false
            loop.stop()
        }
        try loop.run()
        #expect(fired == 0)
    }

    @Test func backgroundWorkGetsOneSlicePerTurnInTurns() throws {
        let loop = try EventLoop()
        var course: [String] = []
        for name in ["a", "b"] {
            var left = 3
            loop.addBackgroundWork(name) {
                course.append(name)
                left -= 1
                return left > 0
            }
        }
        try loop.run(until: { course.count == 6 })
        #expect(course == ["a", "b", "a", "b", "a", "b"])
        #expect(loop.wakeUps >= 6)
    }

    @Test func aDescriptorNeverWaitsForMoreThanOneSlice() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var course: [String] = []
        loop.addBackgroundWork("a rewrite") {
            course.append("slice")
            if course.count == 2 { pipe.write("x") }
            return course.count < 6
        }
        var watch: Watch?
        watch = loop.watch(descriptor: pipe.readEnd) { _ in
            course.append("ready")
            if let watch { loop.unwatch(watch) }
        }
        try loop.run(until: { course.count >= 6 })
        #expect(course == ["slice", "slice", "ready", "slice", "slice", "slice"])
    }

    @Test func aLoopWithoutBackgroundWorkWaitsAgain() throws {
        let loop = try EventLoop()
        loop.addBackgroundWork("a rewrite") { false }
        let end = EventLoop.uptime() + .milliseconds(50)
        loop.addDeadlineSource(next: { Deadline(at: end, for: "a test") }) { _ in loop.stop() }
        try loop.run()
        #expect(loop.wakeUps == 2)
    }
}
