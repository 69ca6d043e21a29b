import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// Samples that cannot be decided are no measurement, however plausible each of them is by itself.
@Suite struct UndecidedMeterTests {
    @Test func twoMetersThatAnswerInTurnAreALostMeter() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.silent = [.meter]
        var effects: [HardwareEffect] = []
        for tenth in 0..<700 {
            var sample = Bench.sample(energyWh: tenth.isMultiple(of: 2) ? 1000 : 51_000, milliamps: 16_000)
            sample.serialNumber = tenth.isMultiple(of: 2) ? "A" : "B"
            effects += bench.driver(.meterRead(connectorId: 1, sample))
            effects += bench.wait(.milliseconds(100))
        }
        #expect(effects.faults.first?.code == .powerMeterFailure)
        #expect(effects.faults.first?.detail.contains("do two meters answer in its place?") == true)
        #expect(effects.published(MeterReading.self).last?.valid == false)
        #expect(effects.orders.contains(.openContactor(connectorId: 1)))
    }

    @Test func aMeterThatIsSwappedIsNotLost() {
        var bench = Bench.charging(leaseSeconds: 600)
        var sample = Bench.sample(energyWh: 1000)
        sample.serialNumber = "A"
        bench.wait(.seconds(20), answeringMeter: sample)
        sample.serialNumber = "B"
        sample.energyWh = 7
        let effects = bench.wait(.seconds(20), answeringMeter: sample)
        #expect(effects.faults.isEmpty)
        #expect(effects.published(MeterReading.self).last?.valid == true)
    }
}
