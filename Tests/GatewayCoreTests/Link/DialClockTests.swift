import BusSchema
import Primitives
import Testing

@testable import GatewayCore

/// How long each step of the last connection took.
@Suite struct DialClockTests {
    private struct Bench {
        var clock = DialClock()
        var now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))

        mutating func pass(_ milliseconds: Int64, to phase: ConnectionMachine.Phase, isRegistered: Bool = false) {
            now = now.advanced(by: .milliseconds(milliseconds))
            clock.observe(phase, isRegistered: isRegistered, at: now)
        }
    }

    @Test func everyStepHasItsOwnTime() {
        var bench = Bench()
        bench.pass(0, to: .resolving)
        bench.pass(120, to: .connecting)
        bench.pass(95, to: .securing)
        bench.pass(310, to: .handshaking)
        #expect(bench.clock.last == nil, "There is no connection yet.")
        bench.pass(88, to: .open)
        #expect(bench.clock.last?.boot == nil)
        bench.pass(140, to: .open, isRegistered: true)
        bench.pass(5000, to: .open, isRegistered: true)
        let expected = LinkState.Dial(at: 1_790_000_000_000, dns: 120, tcp: 95, tls: 310, webSocket: 88, boot: 140)
        #expect(bench.clock.last == expected)
    }

    @Test func aDialThatFailsLeavesTheTimesOfTheLastConnection() {
        var bench = Bench()
        bench.pass(0, to: .resolving)
        bench.pass(10, to: .connecting)
        bench.pass(20, to: .handshaking)
        bench.pass(30, to: .open, isRegistered: true)
        let first = bench.clock.last
        bench.pass(60_000, to: .backingOff)
        bench.pass(1000, to: .resolving)
        bench.pass(20_000, to: .backingOff)
        #expect(first?.tls == nil && bench.clock.last == first)
    }

    @Test func onlyTheAddressThatAnsweredCounts() {
        var bench = Bench()
        bench.pass(0, to: .resolving)
        bench.pass(10, to: .connecting)
        bench.pass(20_000, to: .closing)
        bench.pass(1, to: .connecting)
        bench.pass(30, to: .handshaking)
        bench.pass(40, to: .open)
        #expect(bench.clock.last?.tcp == 30)
    }
}
