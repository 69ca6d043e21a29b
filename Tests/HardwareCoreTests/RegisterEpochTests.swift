import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// A register that service lets begin anew: nothing is billed across it, and no permit reaches over it.
@Suite struct RegisterEpochTests {
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)

    /// A charge whose meter says something else for long enough to be lost.
    private func charging(meterShows energyWh: Int64) -> Bench {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.wait(.seconds(5), answeringMeter: Bench.sample(energyWh: energyWh))
        return bench
    }

    private func epochs(_ effects: [HardwareEffect]) -> [Int64?] {
        effects.published(MeterReading.self).map(\.registerEpoch)
    }

    /// The one of the newest reading.
    private func epoch(_ effects: [HardwareEffect]) -> Int64? {
        effects.published(MeterReading.self).last?.registerEpoch
    }

    @Test(arguments: [0, 900_000] as [Int64])
    func aRegisterThatIsAcceptedElsewhereBeginsAnEpoch(energyWh: Int64) {
        var bench = charging(meterShows: energyWh)
        let cleared = bench.clear(.powerMeterFailure)
        #expect(cleared.replies == [.done])
        let first = epoch(cleared)
        #expect(first != nil)
        #expect(epochs(cleared + bench.wait(.seconds(20))).allSatisfy { $0 == first })
        bench.wait(.seconds(20), answeringMeter: Bench.sample(energyWh: energyWh + 500_000))
        let second = epoch(bench.clear(.powerMeterFailure))
        #expect(second != nil && second != first)
    }

    /// What the meter rounds, and what the time since the last good sample explains, is the same register.
    @Test(arguments: [998, 1000, 1010] as [Int64])
    func aRegisterThatIsAcceptedWhereItWasStaysWhatItIs(energyWh: Int64) {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.isMeterFrozen = true
        bench.wait(.seconds(70))
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        bench.silent = [.meter]
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 5)))
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: energyWh)))
        let cleared = bench.clear(.powerMeterFailure)
        #expect(epochs(cleared).allSatisfy { $0 == nil })
        #expect(cleared.published(MeterReading.self).allSatisfy { $0.energyWh >= 1000 })
        #expect(!cleared.orders.contains(open))
    }

    @Test func aPermitOfBeforeItEndsTheChargeAndLetsNothingCloseAgain() {
        var bench = charging(meterShows: 0)
        let cleared = bench.clear(.powerMeterFailure)
        #expect(cleared.orders.contains(.setPilot(connectorId: 1, .x1)))
        #expect(cleared.connector?.permit == nil)
        var effects = bench.wait(.seconds(6))
        #expect(effects.orders.contains(open))
        effects = bench.opened() + bench.wait(.seconds(10))
        let renewed = bench.permit(16_000, leaseSeconds: 600)
        #expect(renewed.refusal?.code == .refused)
        effects += renewed + bench.wait(.seconds(60))
        #expect(!effects.orders.contains(close))
        #expect(
            effects.connector?.notChargingBecause == "the register of the meter began anew since the permit was given"
        )
        let another = bench.permit(16_000, leaseSeconds: 600, transaction: "another")
        #expect(another.refusal == nil)
        #expect((another + bench.wait(.seconds(10))).orders.contains(close))
    }

    @Test func aPermitOfBeforeItDoesNotCloseAContactorThatIsOpen() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 600)
        bench.wait(.seconds(40), answeringMeter: Bench.sample(energyWh: 0))
        bench.clear(.powerMeterFailure)
        let effects = bench.pilot(6000) + bench.wait(.seconds(60))
        #expect(!effects.orders.contains(close))
    }

    @Test func aWithdrawalOfThePermitOfBeforeIsObeyed() {
        var bench = charging(meterShows: 0)
        bench.clear(.powerMeterFailure)
        #expect(bench.withdraw().refusal == nil)
        #expect(bench.permit(16_000).refusal?.code == .refused)
    }

    @Test func theEpochSurvivesARestart() {
        var bench = charging(meterShows: 0)
        let epoch = epoch(bench.clear(.powerMeterFailure))
        bench.pilot(9000)
        bench.opened()
        bench.wait(.seconds(10))
        var next = Bench(memory: bench.memory ?? HardwareMemory())
        next.meterShows(Bench.sample(energyWh: 0))
        next.handle(.started)
        let after = epochs(next.wait(.seconds(10)))
        #expect(!after.isEmpty)
        #expect(after.allSatisfy { $0 == epoch })
        #expect(epoch != nil)
    }

    @Test func aRegisterThatFellOverARestartBeginsAnEpochWhenItIsAccepted() {
        var bench = Bench(memory: HardwareMemory(outlets: [.init(connectorId: 1, registerWh: 5000, registerEpoch: 7)]))
        bench.handle(.started)
        bench.wait(.seconds(30), answeringMeter: Bench.sample(energyWh: 100))
        let accepted = epoch(bench.clear(.powerMeterFailure))
        #expect(accepted != nil && accepted != 7)
    }

    /// What nobody can read cannot be accepted: the register of before still counts when it comes back.
    @Test func aMeterThatSaysNothingHasNoRegisterToAccept() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.silent = [.meter]
        bench.wait(.seconds(40))
        let refused = bench.clear(.powerMeterFailure)
        #expect(refused.refusal?.code == .refused)
        #expect(refused.published(MeterReading.self).isEmpty)
        bench.silent = []
        let back = bench.wait(.seconds(60), answeringMeter: Bench.sample(energyWh: 5))
        #expect(back.published(MeterReading.self).allSatisfy { !$0.valid })
        let cleared = bench.clear(.powerMeterFailure)
        #expect(cleared.replies == [.done])
        #expect(epoch(cleared) != nil)
    }

    @Test func twoEpochsOfOneMillisecondDiffer() {
        var bench = charging(meterShows: 0)
        let first = epoch(bench.clear(.powerMeterFailure))
        for _ in 0..<3 { bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 700_000))) }
        let second = epoch(bench.clear(.powerMeterFailure))
        #expect(first != nil && second != nil && first != second)
    }
}
