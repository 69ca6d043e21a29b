import Primitives
import Testing

@testable import GatewayCore

/// Ending a connection, and replacing the central system.
@Suite struct ConnectionEndTests {
    private static let other = ConnectionProfile(
        url: "ws://other.example/CP1",
        host: "other.example",
        port: 80,
        identity: "CP1"
    )

    @Test func aSilentCentralSystemDelaysTheEndByEightyMilliseconds() {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        bench.work(dial: 1)
        let close = bench.feed(.terminationRequested)
        #expect(close == [.lost(.ended), .close(dial: 1)])
        let early = bench.advance(.milliseconds(79))
        #expect(early.isEmpty)
        let abort = bench.advance(.milliseconds(1))
        #expect(abort == [.abort(dial: 1)])
        _ = bench.feed(.closed(dial: 1, reason: "dropped"))
        #expect(bench.machine.phase == .stopped)
    }

    @Test func aClosingThatIsUnderWayIsCutShortByTheEnd() {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        bench.work(dial: 1)
        _ = bench.feed(.reconnectRequested)
        _ = bench.feed(.terminationRequested)
        let abort = bench.advance(.milliseconds(80))
        #expect(abort == [.abort(dial: 1)])
    }

    @Test func aReconnectGivesTheClosingHandshakeThreeSeconds() {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        bench.work(dial: 1)
        _ = bench.feed(.reconnectRequested)
        let early = bench.advance(.milliseconds(2999))
        #expect(early.isEmpty)
        let abort = bench.advance(.milliseconds(1))
        #expect(abort == [.abort(dial: 1)])
    }

    /// The failure of a connect that the end overtook is the last that is heard of it.
    @Test func aConnectThatFailsDuringTheEndEndsToo() {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        _ = bench.feed(.resolved(dial: 1, addresses: 1))
        _ = bench.feed(.terminationRequested)
        _ = bench.feed(.failed(dial: 1, .notConnected("no route")))
        #expect(bench.machine.phase == .stopped)
    }

    @Test func anotherCentralSystemIsReachedGracefullyAndAtOnce() {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        bench.work(dial: 1)
        let leaving = bench.feed(.profileReplaced(Self.other))
        #expect(leaving == [.lost(.ended), .close(dial: 1)])
        #expect(bench.machine.profile == Self.other)
        let dial = bench.feed(.closed(dial: 1, reason: "closed by us"))
        #expect(dial == [.resolve(dial: 2)])
        let back = bench.feed(.profileReplaced(ConnectionBench.profile))
        #expect(back == [.abort(dial: 2), .resolve(dial: 3)])
    }

    @Test func theSameCentralSystemIsNotLeft() {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        bench.work(dial: 1)
        let same = bench.feed(.profileReplaced(ConnectionBench.profile))
        #expect(same.isEmpty)
        #expect(bench.machine.isOpen)
    }

    @Test func failuresOfTheOldCentralSystemAreForgotten() {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        for dial in 1...8 {
            _ = bench.feed(.failed(dial: dial, .httpStatus(404)))
            if dial < 8 { _ = bench.skip() }
        }
        let dial = bench.feed(.profileReplaced(Self.other))
        #expect(dial == [.resolve(dial: 9)])
        #expect(bench.machine.failedAttempts == 0)
        #expect(bench.machine.lastProblem == nil)
    }

    @Test func aChargerWithoutCentralSystemGetsOneWhileItRuns() {
        var machine = ConnectionMachine(profile: nil, pingInterval: .zero, seed: 1)
        let moment = Moment(uptime: .zero, utc: Timestamp(millisecondsSinceEpoch: 0))
        _ = machine.handle(.started, at: moment)
        let dial = machine.handle(.profileReplaced(Self.other), at: moment)
        #expect(dial == [.resolve(dial: 1)])
    }

    /// A central system may set a password on each connection: it is not dialled as fast as it answers.
    @Test func aYoungConnectionIsLeftForAnotherOneWithAPause() {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        bench.work(dial: 1)
        _ = bench.advance(.seconds(9))
        #expect(bench.feed(.reconnectRequested) == [.lost(.ended), .close(dial: 1)])
        #expect(bench.feed(.closed(dial: 1, reason: "closed by us")).isEmpty)
        #expect(bench.machine.phase == .backingOff)
    }

    @Test func anOldConnectionIsLeftForAnotherOneAtOnce() {
        var bench = ConnectionBench()
        _ = bench.feed(.started)
        bench.work(dial: 1)
        _ = bench.advance(.seconds(10))
        _ = bench.feed(.reconnectRequested)
        #expect(bench.feed(.closed(dial: 1, reason: "closed by us")) == [.resolve(dial: 2)])
    }
}
