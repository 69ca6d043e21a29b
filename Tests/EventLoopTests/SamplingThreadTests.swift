import Dispatch
import EventLoop
import Primitives
import Testing

@Suite struct SamplingThreadTests {
    /// Of each ten samples one is worth a report.
    @Test func theLoopHearsOfWhatIsWorthItAlone() throws {
        let loop = try EventLoop()
        var heard: [(number: Int, at: Duration)] = []
        let thread = try SamplingThread<Int>("a test", every: .milliseconds(1), loop: loop) {
            var count = 0
            return { _ in
                count += 1
                return count.isMultiple(of: 10) ? count : nil
            }
        } handler: { sample, uptime in
            heard.append((sample, uptime))
            if heard.count >= 5 { loop.stop() }
        }
        let before = loop.wakeUps
        try withExtendedLifetime(thread) { try loop.run() }
        #expect(heard.map(\.number).prefix(5) == [10, 20, 30, 40, 50])
        #expect(zip(heard, heard.dropFirst()).allSatisfy { $0.at + .milliseconds(9) <= $1.at })
        #expect(heard.allSatisfy { $0.at <= EventLoop.uptime() })
        // Two for a report at most: one that came while the loop took those before wakes it once more.
        #expect(loop.wakeUps - before <= 10)
    }

    @Test func aLoopThatComesLateFindsTheNewest() throws {
        let loop = try EventLoop()
        let limit = SamplingThread<Int>.mailboxLimit
        var heard: [Int] = []
        let full = DispatchSemaphore(value: 0)
        let thread = try SamplingThread<Int>("a test", every: .milliseconds(1), loop: loop) {
            var count = 0
            return { _ in
                count += 1
                if count == limit + 20 { full.signal() }
                return count <= limit + 20 ? count : nil
            }
        } handler: { sample, _ in
            heard.append(sample)
            loop.stop()
        }
        full.wait()
        try withExtendedLifetime(thread) { try loop.run() }
        #expect(heard.count >= limit - 1)
        #expect(heard.first.map { $0 > 1 } == true)
        #expect(heard == heard.sorted())
    }

    @Test func thePaceFollowsFromWhatIsFound() throws {
        let loop = try EventLoop()
        var heard: [Duration] = []
        // Slowly, until the third sample; then fast.
        let thread = try SamplingThread<Int>("a test", loop: loop) {
            var count = 0
            return { _ in
                count += 1
                return (count, count < 3 ? .milliseconds(60) : .milliseconds(1))
            }
        } handler: { _, uptime in
            heard.append(uptime)
            if heard.count >= 6 { loop.stop() }
        }
        try withExtendedLifetime(thread) { try loop.run() }
        let pauses = zip(heard.dropFirst(), heard).map { $0 - $1 }
        #expect(pauses.prefix(2).allSatisfy { $0 >= .milliseconds(59) })
        // The machine may be busy, but not so busy for three samples in a row.
        #expect(pauses[2...4].contains { $0 < .milliseconds(50) })
    }
}
