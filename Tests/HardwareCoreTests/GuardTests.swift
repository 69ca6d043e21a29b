import BusSchema
import HardwareCore
import Primitives
import Testing

/// The test of the residual current device, and what heat leaves of the offer.
@Suite struct GuardTests {
    private static var tested: ConnectorConfiguration {
        var connector = Bench.fixedCable
        connector.equipment.testsResidualCurrent = true
        return connector
    }

    private static var warm: ConnectorConfiguration {
        var connector = Bench.fixedCable
        connector.equipment.derating = ConnectorConfiguration.Derating(fromDecidegrees: 600, endDecidegrees: 800)
        return connector
    }

    /// An EV asks under a permit.
    private static func asking(_ connector: ConnectorConfiguration) -> (Bench, [HardwareEffect]) {
        var bench = Bench.idle([connector])
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 3000)
        let effects = bench.pilot(6000)
        return (bench, effects)
    }

    @Test func theContactorClosesOnceTheResidualCurrentDeviceHasTrippedAndRecovered() {
        var (bench, effects) = Self.asking(Self.tested)
        #expect(effects.orders == [.testResidualCurrent(connectorId: 1)])
        #expect(effects.connector?.notChargingBecause == "the residual current device is being tested")
        effects = bench.driver(.faultReported(connectorId: 1, code: .groundFailure, present: true, detail: "trip"))
        effects += bench.driver(.faultReported(connectorId: 1, code: .groundFailure, present: false, detail: "trip"))
        #expect(effects.faults.isEmpty)
        effects = bench.driver(.residualCurrentTested(connectorId: 1, passed: true))
        #expect(effects.orders == [.closeContactor(connectorId: 1)])
    }

    @Test func eachClosingWantsATestOfItsOwn() {
        var (bench, _) = Self.asking(Self.tested)
        bench.driver(.residualCurrentTested(connectorId: 1, passed: true))
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        bench.pilot(9000)
        bench.opened()
        bench.wait(.seconds(6))
        #expect(bench.pilot(6000).orders == [.testResidualCurrent(connectorId: 1)])
    }

    @Test func aDeviceThatDoesNotTripIsAFaultAndIsTestedAgain() {
        var (bench, _) = Self.asking(Self.tested)
        var effects = bench.driver(.residualCurrentTested(connectorId: 1, passed: false))
        #expect(effects.faults.map(\.code) == [.groundFailure])
        effects = bench.wait(.seconds(59))
        #expect(!effects.commands.contains(.testResidualCurrent(connectorId: 1)))
        effects = bench.wait(.seconds(2))
        #expect(effects.commands.contains(.testResidualCurrent(connectorId: 1)))
        effects = bench.driver(.residualCurrentTested(connectorId: 1, passed: true))
        #expect(effects.faults.map(\.present) == [false])
    }

    @Test func aDeviceThatDoesNotAnswerIsAFaultAfterTwoSeconds() {
        var (bench, _) = Self.asking(Self.tested)
        let effects = bench.wait(.milliseconds(2100))
        #expect(effects.faults.map(\.code) == [.groundFailure])
        #expect(!effects.orders.contains(.closeContactor(connectorId: 1)))
    }

    /// It finds the limit and what the device said meanwhile together, and the device has to go on from there.
    @Test func aProcessThatSleptDoesNotJudgeTheDevice() {
        var (bench, _) = Self.asking(Self.tested)
        let awake = bench.now.advanced(by: .seconds(3))
        let woken = bench.machine.deadlineReached(at: awake)
        #expect(woken.faults.isEmpty)
        let later = awake.advanced(by: .milliseconds(1900))
        #expect(bench.machine.deadlineReached(at: later).faults.isEmpty)
        let passed = DriverEvent.residualCurrentTested(connectorId: 1, passed: true)
        #expect(bench.machine.handle(.driver(passed), at: later).faults.isEmpty)
    }

    @Test func aTripThatNobodyProvokedIsOne() {
        var (bench, _) = Self.asking(Self.tested)
        bench.driver(.residualCurrentTested(connectorId: 1, passed: true))
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        let trip = DriverEvent.faultReported(connectorId: 1, code: .groundFailure, present: true, detail: "6 mA")
        #expect(bench.driver(trip).orders.first == .openContactor(connectorId: 1))
    }

    @Test func anAnswerToNoQuestionAllowsNothing() {
        var bench = Bench.idle([Self.tested])
        bench.driver(.residualCurrentTested(connectorId: 1, passed: true))
        bench.pilot(9000)
        bench.permit(16_000)
        #expect(bench.pilot(6000).orders == [.testResidualCurrent(connectorId: 1)])
    }

    @Test(arguments: [(250, 32_000), (600, 32_000), (610, 30_000), (700, 19_000), (799, 6000)])
    func heatLowersTheOfferDownToWholeAmperes(decidegrees: Int, milliamps: Int) {
        var bench = Bench.idle([Self.warm])
        bench.driver(.temperatureRead(connectorId: 1, decidegrees: decidegrees))
        bench.pilot(9000)
        #expect(bench.permit(32_000).connector?.offeredMilliamps == milliamps)
    }

    @Test func aChargerThatIsTooHotStopsUntilItHasCooled() {
        var (bench, _) = Self.asking(Self.warm)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        let hot = bench.driver(.temperatureRead(connectorId: 1, decidegrees: 800))
        #expect(hot.orders.first == .openContactor(connectorId: 1))
        #expect(hot.connector?.faults == [.highTemperature])
        bench.opened()
        #expect(bench.driver(.temperatureRead(connectorId: 1, decidegrees: 701)).faults.isEmpty)
        #expect(bench.driver(.temperatureRead(connectorId: 1, decidegrees: 700)).connector?.faults == [])
    }

    @Test func theOfferDoesNotFollowEveryBreathOfWind() {
        var bench = Bench.idle([Self.warm])
        bench.pilot(9000)
        bench.driver(.temperatureRead(connectorId: 1, decidegrees: 700))
        #expect(bench.permit(32_000).connector?.offeredMilliamps == 19_000)
        bench.driver(.temperatureRead(connectorId: 1, decidegrees: 690))
        #expect(bench.wait(.seconds(6)).connector == nil)
        let cooler = bench.driver(.temperatureRead(connectorId: 1, decidegrees: 640))
        #expect(cooler.connector?.offeredMilliamps == 24_000)
    }

    @Test(arguments: [Int.min, -700, 3000, Int.max])
    func aSensorThatShowsWhatCannotBeForbids(decidegrees: Int) {
        var (bench, _) = Self.asking(Self.warm)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        let effects = bench.driver(.temperatureRead(connectorId: 1, decidegrees: decidegrees))
        #expect(effects.connector?.faults == [.internalError])
    }

    @Test func aSensorThatIsSilentForbids() {
        var bench = Bench.idle([Self.warm])
        #expect(bench.wait(.seconds(61)).faults.map(\.code) == [.internalError])
    }
}
