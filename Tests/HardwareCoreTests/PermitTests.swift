import BusSchema
import HardwareCore
import Primitives
import Testing

@Suite struct PermitTests {
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)
    private let x1 = DriverCommand.setPilot(connectorId: 1, .x1)

    @Test func theReplyShowsTheConnectorRightAfterTheRequest() {
        var bench = Bench.idle()
        bench.pilot(9000)
        let effects = bench.permit(16_000)
        guard case .permit(let reply) = effects.replies.first else {
            Issue.record("no reply")
            return
        }
        #expect(reply.connector.permit?.limitMilliamps == 16_000)
        #expect(reply.connector.offeredMilliamps == 16_000)
        #expect(reply.connector == effects.connector)
    }

    @Test func aLeaseThatIsNotRenewedOpensAtOnce() {
        var bench = Bench.charging(leaseSeconds: 60)
        let before = bench.wait(.milliseconds(59_999), pilotHigh: 6000)
        #expect(!before.orders.contains(open))
        let expired = bench.wait(.milliseconds(1), pilotHigh: 6000)
        #expect(expired.first == .command(open))
        #expect(expired.orders == [open, x1])
        #expect(expired.connector?.permit == nil)
        #expect(expired.connector?.notChargingBecause == "the permit was not renewed in time")
    }

    @Test func renewingKeepsTheContactorClosed() {
        var bench = Bench.charging(leaseSeconds: 60)
        var effects: [HardwareEffect] = []
        for _ in 0..<10 {
            effects += bench.wait(.seconds(30), pilotHigh: 6000)
            effects += bench.permit(16_000)
        }
        #expect(effects.orders.isEmpty)
    }

    @Test func aLateWakeUpAfterTheLeaseOpensToo() {
        var bench = Bench.charging(leaseSeconds: 60)
        bench.now = bench.now.advanced(by: .seconds(3600))
        let effects = bench.machine.deadlineReached(at: bench.now)
        #expect(effects.first == .command(open))
    }

    @Test func duringTheGracePeriodARunningChargeGoesOnAndThenEnds() {
        var configuration = Bench.fixedCable
        configuration.onPermitLost = .continueFor(.seconds(120))
        var bench = Bench.charging(configuration, leaseSeconds: 60)
        let grace = bench.wait(.milliseconds(179_999), pilotHigh: 6000)
        #expect(grace.orders.isEmpty)
        let over = bench.wait(.milliseconds(1), pilotHigh: 6000)
        #expect(over.first == .command(open))
    }

    @Test func nothingNewBeginsDuringTheGracePeriod() {
        var configuration = Bench.fixedCable
        configuration.onPermitLost = .continueFor(.seconds(120))
        var bench = Bench.charging(configuration, leaseSeconds: 60)
        bench.wait(.seconds(70), pilotHigh: 6000)
        let paused = bench.pilot(9000, low: -12_000)
        #expect(paused.orders == [open, x1])
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.wait(.seconds(10))
        let asks = bench.pilot(6000)
        #expect(!asks.orders.contains(close))
    }

    @Test func aRenewalDuringTheGracePeriodIsAsIfNothingHappened() {
        var configuration = Bench.fixedCable
        configuration.onPermitLost = .continueFor(.seconds(120))
        var bench = Bench.charging(configuration, leaseSeconds: 60)
        bench.wait(.seconds(70), pilotHigh: 6000)
        bench.permit(16_000, leaseSeconds: 600)
        let effects = bench.wait(.seconds(300), pilotHigh: 6000)
        #expect(effects.orders.isEmpty)
    }

    @Test func withdrawingSteadiesThePilotFirstAndLeavesTheVehicleTimeToStop() {
        var bench = Bench.charging()
        let withdrawn = bench.withdraw()
        #expect(withdrawn.orders == [x1])
        bench.wait(.seconds(2), pilotHigh: 6000)
        let stopped = bench.pilot(9000)
        #expect(stopped.orders == [open])
    }

    @Test func aVehicleThatDoesNotStopIsCutOffUnderLoadAfterSixSeconds() {
        var bench = Bench.charging()
        bench.withdraw()
        let early = bench.wait(.milliseconds(5999), pilotHigh: 6000)
        #expect(!early.orders.contains(open))
        let late = bench.wait(.milliseconds(1), pilotHigh: 6000)
        #expect(late.orders.contains(open))
    }

    @Test func grantingAgainWhileTheVehicleStopsGoesOnCharging() {
        var bench = Bench.charging()
        bench.withdraw()
        bench.wait(.seconds(2), pilotHigh: 6000)
        let again = bench.permit(16_000)
        #expect(again.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 266))])
        let effects = bench.wait(.seconds(30), pilotHigh: 6000)
        #expect(!effects.orders.contains(open))
    }

    @Test func aLimitBelowSixAmperesPausesAndKeepsThePermit() {
        var bench = Bench.charging()
        let lowered = bench.permit(5999)
        #expect(lowered.orders == [x1])
        #expect(lowered.connector?.offeredMilliamps == 0)
        #expect(lowered.connector?.permit?.limitMilliamps == 5999)
        let stopped = bench.pilot(9000)
        #expect(stopped.orders == [open])
        #expect(stopped.connector?.notChargingBecause == "the limit of 5.9 A is below the 6.0 A that can be offered")
    }

    @Test func theOfferIsTheLowestOfPermitAndRating() {
        var bench = Bench.idle()
        bench.pilot(9000)
        let effects = bench.permit(63_000)
        #expect(effects.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 533))])
        #expect(effects.connector?.offeredMilliamps == 32_000)
    }

    @Test func theOfferChangesAtMostEveryFiveSecondsAndEndsAtOnce() {
        var bench = Bench.charging()
        bench.wait(.seconds(5), pilotHigh: 6000)
        let first = bench.permit(10_000)
        #expect(first.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 166))])
        let second = bench.permit(20_000)
        #expect(second.orders.isEmpty)
        #expect(second.connector?.offeredMilliamps == 10_000)
        let waited = bench.wait(.seconds(5), pilotHigh: 6000)
        #expect(waited.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 333))])
        let paused = bench.permit(0)
        #expect(paused.orders == [x1])
    }

    @Test(arguments: [
        Permit(connectorId: 1, granted: true, limitMilliamps: -1, validUntilUptime: 150_000, transaction: "t"),
        Permit(connectorId: 1, granted: true, limitMilliamps: 80_001, validUntilUptime: 150_000, transaction: "t"),
        Permit(connectorId: 1, granted: true, limitMilliamps: 16_000, validUntilUptime: 105_000, transaction: "t"),
        Permit(connectorId: 1, granted: true, limitMilliamps: 16_000, validUntilUptime: .max, transaction: "t"),
        Permit(connectorId: 1, granted: true, limitMilliamps: 16_000, validUntilUptime: 150_000, transaction: ""),
        Permit(connectorId: 2, granted: true, limitMilliamps: 16_000, validUntilUptime: 150_000, transaction: "t"),
    ])
    func aPermitWithAnImpossibleValueIsRefusedAndGrantsNothing(request: Permit) {
        var bench = Bench.idle()
        bench.pilot(9000)
        let effects = bench.handle(.permitRequested(RequestID(9), request))
        #expect(effects.refusal != nil)
        #expect(effects.orders.isEmpty)
        let asks = bench.pilot(6000)
        #expect(!asks.orders.contains(close))
    }

    @Test func aRefusedRenewalDoesNotProlongTheLease() {
        var bench = Bench.charging(leaseSeconds: 60)
        let refused = bench.permit(-5, leaseSeconds: 600)
        #expect(refused.refusal?.code == .invalid)
        let effects = bench.wait(.seconds(60), pilotHigh: 6000)
        #expect(effects.orders.contains(open))
    }

    @Test func twoConnectorsHaveTheirOwnPermits() {
        let second = ConnectorConfiguration(connectorId: 2, ratedMilliamps: 16_000, phases: 3, cable: .fixed)
        var bench = Bench.idle([Bench.fixedCable, second])
        bench.pilot(6000, connectorId: 1)
        bench.pilot(6000, connectorId: 2)
        let granted = bench.permit(32_000, connectorId: 2)
        #expect(granted.orders == [.setPilot(connectorId: 2, .pwm(dutyPermille: 266))])
        let asked = bench.pilot(6000, connectorId: 2)
        #expect(asked.orders == [.closeContactor(connectorId: 2)])
        bench.driver(.contactorFeedback(connectorId: 2, closed: true))
        let first = bench.pilot(12_000, connectorId: 1)
        #expect(!first.orders.contains(.openContactor(connectorId: 2)))
    }
}
