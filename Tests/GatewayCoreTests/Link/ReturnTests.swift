import Primitives
import Testing

@testable import GatewayCore

/// How a charger comes back after a connection that worked is lost.
@Suite struct ReturnTests {
    private static let patience = Patience()

    @Test(arguments: UInt64(1)...200) func theFirstReturnIsSpreadOverTenSeconds(seed: UInt64) throws {
        var bench = ConnectionBench(patience: Self.patience, seed: seed)
        _ = bench.feed(.started)
        bench.work(dial: 1)
        _ = bench.feed(.closed(dial: 1, reason: "end of stream"))
        let wait = try #require(bench.wait)
        #expect(wait >= .milliseconds(50) && wait <= .seconds(10))
        #expect(bench.machine.failedAttempts == 0)
    }

    /// Two chargers with one identity throw each other out: 53 connections in 15 s before.
    @Test(arguments: UInt64(1)...50) func connectionsThatWorkAndAlwaysCloseAreRedialledMoreSlowlyEachTime(seed: UInt64)
        throws
    {
        var bench = ConnectionBench(patience: Self.patience, seed: seed)
        let start = bench.now.uptime
        _ = bench.feed(.started)
        var ceiling = Duration.seconds(10)
        var inFifteenSeconds = 0
        for dial in 1...12 {
            bench.work(dial: dial)
            if bench.now.uptime - start <= .seconds(15) { inFifteenSeconds += 1 }
            _ = bench.feed(.closed(dial: dial, reason: "replaced"))
            #expect(bench.machine.flaps == dial)
            let wait = try #require(bench.wait)
            #expect(wait <= ceiling)
            if dial > 1 { #expect(wait >= ceiling / 2) }
            ceiling = min(ceiling * 2, .seconds(300))
            let again = bench.skip()
            #expect(again == [.resolve(dial: dial + 1)])
        }
        #expect(inFifteenSeconds <= 3)
    }

    @Test func aConnectionThatLastedTenMinutesMakesTheNextReturnQuick() throws {
        for (age, flaps) in [(Duration.seconds(600), 0), (.milliseconds(599_999), 5)] {
            var bench = ConnectionBench(pingInterval: .zero, patience: Self.patience)
            _ = bench.feed(.started)
            for dial in 1...4 {
                bench.work(dial: dial)
                _ = bench.feed(.closed(dial: dial, reason: "replaced"))
                _ = bench.skip()
            }
            bench.work(dial: 5)
            _ = bench.advance(age)
            #expect(bench.machine.flaps == (flaps == 0 ? 0 : 4))
            _ = bench.feed(.closed(dial: 5, reason: "replaced"))
            #expect(bench.machine.flaps == flaps)
            let wait = try #require(bench.wait)
            #expect(flaps == 0 ? wait <= .seconds(10) : wait >= .seconds(80))
        }
    }

    @Test func whatWeEndOurselvesIsNoFlap() {
        var bench = ConnectionBench(patience: Self.patience)
        _ = bench.feed(.started)
        bench.work(dial: 1)
        _ = bench.advance(.seconds(10))
        _ = bench.feed(.reconnectRequested)
        let closed = bench.feed(.closed(dial: 1, reason: "closed by us"))
        #expect(closed == [.resolve(dial: 2)])
        #expect(bench.machine.flaps == 0)
    }

    @Test func theReturnKeepsToTheLongestWaitOfTheSite() throws {
        var bench = ConnectionBench(patience: Patience(longestWait: .seconds(2)))
        _ = bench.feed(.started)
        for dial in 1...10 {
            bench.work(dial: dial)
            _ = bench.feed(.closed(dial: dial, reason: "replaced"))
            let wait = try #require(bench.wait)
            #expect(wait <= .seconds(2))
            _ = bench.skip()
        }
    }

    // MARK: - A fleet

    /// One of the fleet: connected and working when the central system restarts, which refuses everybody until it is up again.
    private static func reconnects(seed: UInt64, outage: Duration) -> (at: Duration, attempts: [Duration]) {
        var bench = ConnectionBench(pingInterval: .zero, patience: patience, seed: seed)
        _ = bench.feed(.started)
        bench.work(dial: 1)
        _ = bench.advance(.seconds(3600))
        let start = bench.now.uptime
        _ = bench.feed(.closed(dial: 1, reason: "restart"))
        var attempts: [Duration] = []
        while true {
            _ = bench.skip()
            let dial = attempts.count + 2
            attempts.append(bench.now.uptime - start)
            if bench.now.uptime - start >= outage { return (bench.now.uptime - start, attempts) }
            _ = bench.feed(.failed(dial: dial, .notConnected("refused")))
        }
    }

    /// A thousand chargers lose their central system at one instant: 100 connections per second are expected when it is back at once.
    @Test(arguments: [(0, 150), (5, 250), (30, 200), (120, 150)])
    func aThousandChargersDoNotReturnInOneSecond(outageSeconds: Int, mostInASecond: Int) {
        var perSecond: [Int64: Int] = [:]
        var attemptsPerSecond: [Int64: Int] = [:]
        for seed in 1...1000 {
            let (at, attempts) = Self.reconnects(seed: UInt64(seed) &* 7919, outage: .seconds(outageSeconds))
            perSecond[at.wholeSeconds, default: 0] += 1
            for attempt in attempts { attemptsPerSecond[attempt.wholeSeconds, default: 0] += 1 }
        }
        let peak = perSecond.values.max() ?? 0
        let attempts = attemptsPerSecond.values.max() ?? 0
        #expect(perSecond.values.reduce(0, +) == 1000)
        #expect(peak <= mostInASecond)
        #expect(attempts <= 300)
    }
}
