import BusSchema
import HardwareCore
import Primitives
import Testing

/// The proximity contact and the lock of a socket when they are noisy, silent or lie.
@Suite struct SocketSensorTests {
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)

    private func charging(ohms: Int = 220) -> Bench {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(ohms)
        bench.pilot(9000)
        bench.permit(32_000, leaseSeconds: 600)
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        bench.pilot(6000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        return bench
    }

    private func proximity(_ ohms: Int?) -> DriverEvent { .proximityRead(connectorId: 1, ohms: ohms) }

    @Test func oneOddReadingOfTheProximityContactDoesNotCount() {
        var bench = charging()
        let effects = bench.driver(proximity(nil)) + bench.driver(proximity(220)) + bench.driver(proximity(10))
        #expect(effects.orders.isEmpty)
    }

    @Test func twoReadingsWithoutAValidCableOpenAlsoWhenTheyDiffer() {
        var bench = charging()
        bench.driver(proximity(nil))
        let effects = bench.driver(proximity(10))
        #expect(effects.first == .command(open))
    }

    @Test func aCableForTwentyAmperesNeverGrowsAfterABadContact() {
        var bench = charging(ohms: 680)
        bench.proximity(nil)
        bench.opened()
        let back = bench.proximity(220)
        #expect(back.connector?.ratedMilliamps == 20_000)
        let invalid = bench.proximity(10) + bench.proximity(220)
        #expect(invalid.connector?.ratedMilliamps == 20_000)
    }

    @Test func aCableThatReadsSmallerIsBelieved() {
        var bench = charging(ohms: 220)
        let once = bench.driver(proximity(680))
        #expect(once.connector == nil)
        let effects = bench.driver(proximity(680))
        #expect(effects.connector?.ratedMilliamps == 20_000)
    }

    @Test func anotherCableAfterTheVehicleLeftIsReadAnew() {
        var bench = charging(ohms: 680)
        bench.pilot(12_000)
        bench.opened()
        bench.proximity(nil)
        bench.proximity(220)
        let plugged = bench.pilot(9000)
        #expect(plugged.connector?.ratedMilliamps == 32_000)
    }

    @Test func aProximityContactThatFallsSilentOpensAfterThreeSeconds() {
        var bench = charging()
        bench.proximity(220)
        bench.silent = [.proximity]
        let early = bench.wait(.milliseconds(2999))
        #expect(early.orders.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.first == .command(open))
        #expect(late.connector?.faults == [.internalError])
    }

    @Test func aProximityContactThatWasNeverReadIsAFaultAfterThirtySeconds() {
        var bench = Bench([Bench.socket])
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.driver(.lockFeedback(connectorId: 1, locked: false))
        bench.pilot(12_000)
        let early = bench.wait(.milliseconds(29_999))
        #expect(early.faults.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.faults.map(\.detail) == ["proximity contact was not read for too long"])
    }

    @Test func aLockThatWasNeverReadIsAFaultAfterFiveSeconds() {
        var bench = Bench([Bench.socket])
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.pilot(12_000)
        let early = bench.wait(.milliseconds(4999))
        #expect(early.faults.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.faults.map(\.code) == [.connectorLockFailure])
        let read = bench.driver(.lockFeedback(connectorId: 1, locked: false))
        #expect(read.faults.map(\.present) == [false])
    }

    @Test func aLockThatFallsSilentOpensAfterThirtySeconds() {
        var bench = charging()
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        bench.silent = [.lock]
        let early = bench.wait(.milliseconds(29_999))
        #expect(early.orders.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.commands.first == open)
        #expect(late.connector?.faults == [.connectorLockFailure])
    }

    @Test(arguments: [Int.min, .max])
    func noResistanceStopsTheProcess(ohms: Int) {
        var bench = charging()
        let effects = bench.proximity(ohms)
        #expect(effects.first == .command(open))
    }
}
