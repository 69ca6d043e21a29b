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

    private func register(_ wattHours: Int64) -> [MeterQuantity] {
        [.init(.energyActiveExportRegister, thousandths: wattHours * 1000)]
    }

    /// What is published of the export register when the meter says this one after the other, one second apart.
    private func followed(_ bench: inout Bench, _ registers: [Int64], from energyWh: Int64) -> [Int64?] {
        registers.enumerated().map { index, value in
            bench.wait(.seconds(1))
            let reading = published(&bench, register(value), energyWh: energyWh + Int64(index))
            return (reading?.quantities?.first?.thousandths).map { $0 / 1000 }
        }
    }

    /// OCPP 1.6 §7.31.
    @Test func aRegisterThatFallsIsLeftOut() {
        var bench = Bench.idle()
        let told = followed(&bench, [5000, 5000, 4990, 5001], from: 1001)
        #expect(told == [nil, 5000, nil, 5001])
    }

    /// Meters round: so much no register falls, and it is told as it was.
    @Test func aRegisterThatTremblesStaysWhereItIs() {
        var bench = Bench.idle()
        let told = followed(&bench, [5000, 5000, 4998, 4999, 5001], from: 1001)
        #expect(told == [nil, 5000, 5000, 5000, 5001])
    }

    /// A register can be anywhere, but no current makes it jump.
    @Test func aWildRegisterIsLeftOutAndSilencesNobody() {
        var bench = Bench.idle()
        let told = followed(&bench, [5000, 5000, 900_000_000, 5001, 5002], from: 1001)
        #expect(told == [nil, 5000, nil, 5001, 5002])
    }

    @Test func aWildRegisterAtTheStartIsNotBelieved() {
        var bench = Bench.idle()
        let told = followed(&bench, [900_000_000, 5000, 5001, 5002], from: 1001)
        #expect(told == [nil, nil, 5001, 5002])
    }

    /// The meter was swapped: what it says again and again is so.
    @Test(arguments: [100, 900_000]) func aRegisterThatGoesOnElsewhereIsBelievedInTheEnd(elsewhere: Int64) {
        var bench = Bench.idle()
        let told = followed(&bench, [5000, 5000] + (0..<4).map { elsewhere + $0 }, from: 1001)
        #expect(told == [nil, 5000, nil, nil, elsewhere + 2, elsewhere + 3])
    }

    /// A measurand that can be given and is never believed would never be told.
    @Test(arguments: MeterQuantity.Measurand.known.sorted { $0.rawValue < $1.rawValue })
    func everyMeasurandThatIsKnownCanBeBelieved(measurand: MeterQuantity.Measurand) {
        var bench = Bench.idle()
        let quantity = MeterQuantity(measurand, thousandths: 0)
        _ = published(&bench, [quantity], energyWh: 1001)
        #expect(published(&bench, [quantity], energyWh: 1002)?.quantities == [quantity])
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
