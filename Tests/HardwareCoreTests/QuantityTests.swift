import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// What a meter gives beyond what every meter does.
@Suite struct QuantityTests {
    private func published(_ bench: inout Bench, _ quantities: [MeterQuantity], energyWh: Int64) -> MeterReading? {
        var sample = Bench.sample(energyWh: energyWh)
        sample.quantities = quantities
        return bench.driver(.meterRead(connectorId: 1, sample)).published(MeterReading.self).last
    }

    @Test func theyArePublishedInTheirOrder() {
        var bench = Bench.idle()
        let quantities = [
            MeterQuantity(.temperature, thousandths: -4000), MeterQuantity(.currentImport, phase: .n, thousandths: 20),
        ]
        #expect(published(&bench, quantities, energyWh: 1001)?.quantities == quantities)
    }

    /// Nothing is billed by them, so that the register counts all the same.
    @Test(arguments: [
        MeterQuantity(.temperature, thousandths: .max), MeterQuantity(.powerFactor, thousandths: 1001),
        MeterQuantity(.powerReactiveImport, thousandths: .min), MeterQuantity(.soC, thousandths: 100_001),
        MeterQuantity(.init(rawValue: "Radiation"), thousandths: 1), MeterQuantity(.currentExport, thousandths: -1),
    ])
    func oneThatCannotBeIsLeftOut(quantity: MeterQuantity) {
        var bench = Bench.idle()
        let sound = MeterQuantity(.voltage, phase: .l1L2, thousandths: 400_000)
        let reading = published(&bench, [quantity, sound], energyWh: 1001)
        #expect(reading?.energyWh == 1001)
        #expect(reading?.quantities == [sound])
    }

    /// OCPP 1.6 §7.31.
    @Test func aRegisterThatFallsIsLeftOut() {
        var bench = Bench.idle()
        func register(_ value: Int64) -> [MeterQuantity] { [.init(.energyActiveExportRegister, thousandths: value)] }
        #expect(published(&bench, register(5000), energyWh: 1001)?.quantities == register(5000))
        #expect(published(&bench, register(4999), energyWh: 1002)?.quantities == nil)
        #expect(published(&bench, register(5001), energyWh: 1003)?.quantities == register(5001))
    }

    @Test func theSameIsSaidOnceAndNoMoreThanFit() {
        var bench = Bench.idle()
        let many = (0..<200).map { MeterQuantity(.voltage, phase: .init(rawValue: "\($0)"), thousandths: 1) }
        #expect(published(&bench, [many[0], many[0]], energyWh: 1001)?.quantities == [many[0]])
        let reading = published(&bench, many, energyWh: 1002)
        #expect(reading?.quantities?.count == MeterQuantity.mostInOneReading)
    }

    /// Sensors beside the meter go on when it does not measure any more.
    @Test func aMeterThatStandsStillIsNoticedAlthoughTheTemperatureChanges() {
        var bench = Bench.idle()
        for number in 0..<100 {
            var sample = Bench.sample(energyWh: 1001)
            sample.quantities = [MeterQuantity(.temperature, thousandths: Int64(number))]
            bench.driver(.meterRead(connectorId: 1, sample))
        }
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
    }
}
