import BusSchema
import HardwareCore
import Primitives
import Testing

/// A controller says where its relay is, and the meter what flows through it. Where the two differ the meter is believed.
@Suite struct ControllerCurrentTests {
    private static var fixed: ConnectorConfiguration {
        var connector = Bench.fixedCable
        connector.equipment.front = .controller
        return connector
    }

    private static var socket: ConnectorConfiguration {
        var connector = Bench.socket
        connector.equipment.front = .controller
        return connector
    }

    /// What the controller says each second, while the meter counts what flows.
    private struct Site {
        var bench: Bench
        var milliamps = 0
        var pilot = PilotState.a
        /// As the controller tells it.
        var isClosed = false
        private let hasLock: Bool
        private var wattSeconds = 1000 * 3600

        init(_ connector: ConnectorConfiguration) {
            hasLock = connector.cable != .fixed
            bench = Bench([connector])
            bench.handle(.started)
            bench.driver(.deviceRecovered(.controller(connectorId: 1)))
            if hasLock {
                bench.driver(.lockFeedback(connectorId: 1, locked: false))
                bench.proximity(220)
            }
            pass(.seconds(6))
        }

        @discardableResult
        mutating func pass(_ time: Duration) -> [HardwareEffect] {
            var effects: [HardwareEffect] = []
            for _ in 0..<time.wholeSeconds {
                wattSeconds += 230 * milliamps / 1000
                bench.meterShows(Bench.sample(energyWh: Int64(wattSeconds / 3600), milliamps: milliamps))
                effects += tell()
                effects += bench.wait(.seconds(1))
            }
            return effects
        }

        @discardableResult
        mutating func tell() -> [HardwareEffect] { bench.controller(pilot, closed: isClosed) }

        mutating func permit(_ milliamps: Int) {
            pilot = .b
            pass(.seconds(1))
            bench.permit(milliamps)
            if hasLock { bench.driver(.lockFeedback(connectorId: 1, locked: true)) }
            pilot = .c
        }
    }

    @Test func currentThroughARelayThatIsSaidToBeOpenIsCountedAndEndsInAFailure() throws {
        var site = Site(Self.fixed)
        site.permit(32_000)
        site.milliamps = 32_000
        var effects = site.pass(.seconds(3))
        let seen = try #require(effects.connector)
        #expect(seen.contactor == .opening)
        #expect(seen.openSinceUptime == nil)
        #expect(effects.faults.isEmpty, "It may have closed, and not told yet.")
        effects += site.pass(.seconds(4))
        #expect(effects.faults.map(\.code) == [.powerSwitchFailure])
        #expect(effects.faults.first?.detail == "32.0 A flow although the controller says that it is open")
        #expect(effects.orders.last == .control(connectorId: 1, .forbid))
        let readings = effects.published(MeterReading.self).filter { $0.powerW > 0 }
        #expect(readings.allSatisfy { $0.valid && $0.openSinceUptime == nil })
        #expect(try #require(readings.last).energyWh >= 1010)
    }

    /// 32 A where 10 A are permitted, and every fourth answer says that nothing can flow.
    @Test func overCurrentIsSeenWhereTheRelayIsSaidToBeOpenNowAndThen() {
        var site = Site(Self.fixed)
        site.permit(10_000)
        site.milliamps = 32_000
        var effects: [HardwareEffect] = []
        for second in 0..<11 {
            site.isClosed = !second.isMultiple(of: 4)
            effects += site.pass(.seconds(1))
        }
        #expect(effects.faults.map(\.code) == [.overCurrentFailure])
    }

    @Test func theCableStaysHeldWhileCurrentFlowsThroughARelayThatIsSaidToBeOpen() {
        var site = Site(Self.socket)
        site.permit(32_000)
        site.isClosed = true
        site.milliamps = 32_000
        site.pass(.seconds(3))
        // It says at once that it opened, and takes its time.
        site.bench.withdraw()
        site.isClosed = false
        site.tell()
        var effects = site.bench.unlock()
        effects += site.pass(.seconds(4))
        #expect(!effects.orders.contains(.unlock(connectorId: 1)))
        #expect(effects.connector?.openSinceUptime == nil)
        #expect(!effects.replies.contains(.unlock(Unlock.Reply(outcome: .unlocked))))
    }

    @Test func anOpeningCountsOnceTheMeterShowsThatTheCurrentOfBeforeIsGone() {
        var site = Site(Self.fixed)
        site.permit(16_000)
        site.isClosed = true
        site.milliamps = 16_000
        site.pass(.seconds(5))
        site.bench.silent = [.meter]
        site.pilot = .b
        site.isClosed = false
        let told = site.tell()
        #expect(told.connector?.openSinceUptime == nil)
        #expect(told.connector?.contactor == .opening)
        site.bench.silent = []
        site.milliamps = 0
        let effects = site.pass(.seconds(3))
        #expect(effects.connector?.contactor == .open)
        let openSince = effects.connector?.openSinceUptime
        #expect(openSince != nil && effects.published(MeterReading.self).last?.openSinceUptime == openSince)
        #expect(effects.faults.isEmpty)
    }

    /// Else a meter that fails just then would hold the cable for ever.
    @Test func currentOfBeforeAnOpeningSaysNothingMoreAfterFiveSecondsWithoutASample() {
        var site = Site(Self.fixed)
        site.permit(16_000)
        site.isClosed = true
        site.milliamps = 16_000
        site.pass(.seconds(5))
        site.bench.silent = [.meter]
        site.pilot = .b
        site.isClosed = false
        #expect(site.pass(.seconds(4)).connector?.openSinceUptime == nil)
        #expect(site.pass(.seconds(2)).connector?.openSinceUptime != nil)
    }

    @Test func currentThatWasMeasuredAfterItSaidOpenHoldsHoweverLongTheMeterIsSilent() {
        var site = Site(Self.fixed)
        site.permit(32_000)
        site.milliamps = 32_000
        site.pass(.seconds(2))
        site.bench.silent = [.meter]
        #expect(site.pass(.seconds(60)).connector?.openSinceUptime == nil)
    }

    /// The controller was forbidden, and nobody heard of it any more.
    @Test func aRelayThatNobodyReadIsNoFailure() {
        var site = Site(Self.fixed)
        site.permit(16_000)
        site.isClosed = true
        site.pass(.seconds(2))
        var effects = site.bench.withdraw()
        effects += site.bench.wait(.seconds(60))
        #expect(effects.faults.allSatisfy { $0.code == .internalError })
        #expect(effects.connector?.openSinceUptime == nil)
        #expect(effects.connector?.contactor == .opening)
        site.isClosed = false
        effects = site.pass(.seconds(2))
        #expect(effects.connector?.contactor == .open)
        #expect(site.bench.machine.faults(on: 1).isEmpty)
    }
}
