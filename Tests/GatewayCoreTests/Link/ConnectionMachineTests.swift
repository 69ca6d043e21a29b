import BusSchema
import Primitives
import Testing

@testable import GatewayCore

@Suite struct ConnectionMachineTests {
    typealias Effect = ConnectionMachine.Effect

    typealias Bench = ConnectionBench

    @Test func anAttemptResolvesConnectsAndShakesHands() throws {
        var bench = Bench()
        let started = bench.feed(.started)
        #expect(started == [.resolve(dial: 1)])
        let resolved = bench.feed(.resolved(dial: 1, addresses: 2))
        #expect(resolved == [.connect(dial: 1, address: 0)])
        let connected = bench.feed(.connected(dial: 1))
        #expect(connected == [.startHandshake(dial: 1)])
        let open = bench.feed(.handshakeFinished(dial: 1))
        #expect(open == [.opened])
        #expect(bench.machine.isOpen)
    }

    @Test func aRefusedAddressIsFollowedByTheNextOne() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.feed(.resolved(dial: 1, addresses: 2))
        let second = bench.feed(.failed(dial: 1, .notConnected("refused")))
        #expect(second == [.connect(dial: 1, address: 1)])
        _ = bench.feed(.failed(dial: 1, .notConnected("refused")))
        #expect(bench.machine.phase == .backingOff)
        #expect(bench.machine.failedAttempts == 1)
    }

    @Test func aSilentAddressIsDroppedBeforeTheNextOneIsTried() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.feed(.resolved(dial: 1, addresses: 2))
        let late = bench.skip()
        #expect(late.last == .abort(dial: 1))
        let closed = bench.feed(.closed(dial: 1, reason: "aborted"))
        #expect(closed == [.connect(dial: 1, address: 1)])
    }

    @Test func theNameIsResolvedAnewAtEachAttempt() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.feed(.failed(dial: 1, .nameNotResolved("unknown")))
        let again = bench.skip()
        #expect(again == [.resolve(dial: 2)])
        let stale = bench.feed(.resolved(dial: 1, addresses: 1))
        #expect(stale.isEmpty)
    }

    // Shows: J-CON-07, J-CON-08
    /// JE §3.4: waits grow to a cap and start small again only after a connection that really worked.
    @Test func waitsGrowUntilAConnectionWasAccepted() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        var waits: [Duration] = []
        for dial in 1...14 {
            _ = bench.feed(.failed(dial: dial, .httpStatus(404)))
            let next = try #require(bench.machine.nextAttempt)
            waits.append(next - bench.now.uptime)
            _ = bench.skip()
        }
        #expect(waits[0] <= .seconds(1) && waits[1] <= .seconds(2))
        #expect(waits.allSatisfy { $0 >= .milliseconds(100) && $0 <= .seconds(120) })
        #expect(waits.contains { $0 > .seconds(20) })
        #expect(bench.machine.failedAttempts == 14)
        _ = bench.open(dial: 15)
        #expect(bench.machine.failedAttempts == 14)
        _ = bench.feed(.accepted)
        #expect(bench.machine.failedAttempts == 0)
        #expect(bench.machine.lastProblem == nil)
    }

    /// A central system that is restarted is back within seconds; one that says no is not asked every second.
    @Test func aSilentServerIsTriedEverySecondForAWhile() {
        var bench = Bench()
        _ = bench.feed(.started)
        for dial in 1...16 {
            _ = bench.feed(.failed(dial: dial, .notConnected("refused")))
            let wait = (bench.machine.nextAttempt ?? .zero) - bench.now.uptime
            #expect(wait <= .seconds(1))
            _ = bench.skip()
        }
    }

    @Test func aConnectionThatEndsAtOnceCountsAsFailed() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.open(dial: 1)
        _ = bench.feed(.closed(dial: 1, reason: "end of stream"))
        #expect(bench.machine.failedAttempts == 1)
    }

    @Test func aMinuteOfAnOpenConnectionProvesItToo() throws {
        var bench = Bench(pingInterval: .zero)
        _ = bench.feed(.started)
        _ = bench.feed(.failed(dial: 1, .notConnected("refused")))
        _ = bench.skip()
        _ = bench.open(dial: 2)
        _ = bench.advance(.seconds(60))
        #expect(bench.machine.failedAttempts == 0)
        #expect(bench.machine.nextDeadline == nil)
    }

    // Shows: J-CON-13, J-CON-15
    /// OCPP 1.6 §9.1.34, J §7, JE §3.11.
    @Test func aPingThatNothingFollowsDropsTheConnection() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.open(dial: 1)
        let ping = bench.advance(.seconds(10))
        #expect(ping == [.sendPing])
        let second = bench.advance(.seconds(10))
        #expect(second.suffix(2) == [.lost(.declaredDead(silentSince: .seconds(100))), .abort(dial: 1)])
        #expect(bench.machine.lastProblem == .pingUnanswered)
        #expect(bench.machine.phase == .closing)
        _ = bench.feed(.closed(dial: 1, reason: "aborted"))
        #expect(bench.machine.phase == .backingOff)
    }

    @Test func anyByteCountsAsLife() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.open(dial: 1)
        for _ in 1...20 {
            let ping = bench.advance(.seconds(10))
            #expect(ping == [.sendPing])
            _ = bench.feed(.received)
        }
        #expect(bench.machine.isOpen)
    }

    // Shows: J-CON-13
    @Test func noPingsAreSentWithAnIntervalOfZero() throws {
        var bench = Bench(pingInterval: .zero)
        _ = bench.feed(.started)
        _ = bench.open(dial: 1)
        let quiet = bench.advance(.seconds(3600))
        #expect(!quiet.contains(.sendPing))
        bench.machine.setPingInterval(.seconds(5), at: bench.now)
        let ping = bench.advance(.seconds(5))
        #expect(ping == [.sendPing])
    }

    @Test func withoutPingsTwoUnansweredCallsInARowDropTheConnection() {
        var bench = Bench(pingInterval: .zero)
        _ = bench.feed(.started)
        _ = bench.open(dial: 1)
        let first = bench.feed(.callTimedOut)
        #expect(first.isEmpty)
        _ = bench.advance(.seconds(3))
        _ = bench.feed(.received)
        _ = bench.advance(.seconds(4))
        let other = bench.feed(.callTimedOut)
        #expect(other.isEmpty)
        let second = bench.feed(.callTimedOut)
        #expect(second.suffix(2) == [.lost(.declaredDead(silentSince: .seconds(103))), .abort(dial: 1)])
        #expect(bench.machine.lastProblem == .callsUnanswered)
    }

    @Test func aDownUplinkDropsTheSocketAndWaitsWithoutCounting() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.open(dial: 1)
        _ = bench.feed(.accepted)
        let down = bench.feed(.uplinkChanged(.down))
        #expect(down.suffix(2) == [.lost(.declaredDead(silentSince: .seconds(100))), .abort(dial: 1)])
        _ = bench.feed(.closed(dial: 1, reason: "aborted"))
        #expect(bench.machine.phase == .waitingForUplink)
        #expect(bench.machine.nextAttempt == nil)
        #expect(bench.machine.failedAttempts == 0)
        let up = bench.feed(.uplinkChanged(.up))
        #expect(up == [.resolve(dial: 2)])
    }

    /// One socket at a time: the uplink is back before the old socket is reported gone.
    @Test func aNewDialWaitsForTheOldSocketToBeGone() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.open(dial: 1)
        _ = bench.feed(.uplinkChanged(.down))
        let up = bench.feed(.uplinkChanged(.up))
        #expect(up.isEmpty)
        let closed = bench.feed(.closed(dial: 1, reason: "aborted"))
        #expect(closed == [.resolve(dial: 2)])
    }

    @Test func anUplinkThatComesEndsTheWaitAtOnce() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.feed(.failed(dial: 1, .nameNotResolved("no server")))
        let up = bench.feed(.uplinkChanged(.up))
        #expect(up == [.resolve(dial: 2)])
    }

    @Test func theSameProblemIsLoggedOnce() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        var logs = 0
        for dial in 1...5 {
            let effects = bench.feed(.failed(dial: dial, .httpStatus(404)))
            logs += effects.count
            _ = bench.skip()
        }
        #expect(logs == 1)
        let other = bench.feed(.failed(dial: 6, .httpStatus(401)))
        #expect(other.count == 1)
    }

    // Shows: J-CON-06
    /// J §3.2.
    @Test func aHandshakeWithoutTheSubProtocolIsAFailedConnection() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.feed(.resolved(dial: 1, addresses: 1))
        _ = bench.feed(.connected(dial: 1))
        let refused = bench.feed(.failed(dial: 1, .protocolRefused))
        #expect(refused.last == .abort(dial: 1))
        _ = bench.feed(.closed(dial: 1, reason: "aborted"))
        #expect(bench.machine.failedAttempts == 1)
        #expect(bench.machine.phase == .backingOff)
    }

    @Test func aReconnectClosesFirstAndDialsAfterwards() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.open(dial: 1)
        _ = bench.advance(.seconds(10))
        let close = bench.feed(.reconnectRequested)
        #expect(close == [.lost(.ended), .close(dial: 1)])
        let stuck = bench.skip()
        #expect(stuck == [.abort(dial: 1)])
        let dial = bench.feed(.closed(dial: 1, reason: "aborted"))
        #expect(dial == [.resolve(dial: 2)])
    }

    @Test func terminationClosesAndNeverDialsAgain() throws {
        var bench = Bench()
        _ = bench.feed(.started)
        _ = bench.open(dial: 1)
        let close = bench.feed(.terminationRequested)
        #expect(close == [.lost(.ended), .close(dial: 1)])
        let end = bench.feed(.closed(dial: 1, reason: "closed"))
        #expect(end.isEmpty)
        #expect(bench.machine.nextDeadline == nil)
        #expect(bench.machine.phase == .stopped)
    }

    @Test func withoutACentralSystemNothingIsTried() {
        var machine = ConnectionMachine(profile: nil, pingInterval: .zero, seed: 1)
        let moment = Moment(uptime: .zero, utc: Timestamp(millisecondsSinceEpoch: 0))
        let started = machine.handle(.started, at: moment)
        let up = machine.handle(.uplinkChanged(.up), at: moment)
        #expect(started.isEmpty && up.isEmpty)
        #expect(machine.phase == .notConfigured)
    }
}
