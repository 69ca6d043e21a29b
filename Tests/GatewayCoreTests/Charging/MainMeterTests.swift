import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// The main meter is connector 0 (OCPP 1.6 §4.7).
@Suite struct MainMeterTests {
    private func read(_ bench: ChargingBench, energyWh: Int64, valid: Bool = true) {
        bench.feed(
            .hardwareMeter(
                MeterReading(
                    connectorId: 0,
                    takenAt: bench.moment.utc.millisecondsSinceEpoch,
                    takenAtUptime: bench.moment.uptime.wholeMilliseconds,
                    energyWh: energyWh,
                    powerW: 3600,
                    voltageMillivolts: [230_000, 231_000, 229_000],
                    currentMilliamps: [10_000, 5000, 700],
                    valid: valid
                )
            )
        )
    }

    /// A reading each second that counts one Wh more.
    private func run(_ bench: ChargingBench, seconds: Int, from energyWh: inout Int64) {
        for _ in 0..<seconds {
            energyWh += 1
            read(bench, energyWh: energyWh)
            bench.run(seconds: 1)
        }
    }

    private func mainValues(_ bench: ChargingBench) -> [MeterValues.Request] {
        bench.central.meterValues.map(\.request).filter { $0.connectorId == 0 }
    }

    // Shows: CORE-MV-20, CORE-MV-21
    /// OCPP 1.6 §3.16.3, E §3.16: as connector 0, at the inlet, of no transaction; also while nobody charges.
    @Test func clockAlignedValuesAreToldOfConnectorZero() throws {
        let bench = ChargingBench(keys: [
            .clockAlignedDataInterval: "30",
            "MeterValuesAlignedData": "Energy.Active.Import.Register,Energy.Active.Import.Interval,Current.Import",
        ])
        bench.goOnline()
        var energyWh: Int64 = 5000
        run(bench, seconds: 65, from: &energyWh)
        let values = mainValues(bench)
        #expect(values.count == 2)
        #expect(values.allSatisfy { $0.transactionId == nil })
        let second = try #require(values.last?.meterValue.elements)
        #expect(second.count == 2)
        let over = second[0].sampledValue.elements
        #expect(over.map(\.value) == ["30", "10", "5", "0.7"])
        #expect(over.allSatisfy { $0.location == .inlet && $0.context == .sampleClock })
        #expect(second[1].timestamp.millisecondsSinceEpoch % 30_000 == 0)
        #expect(second[1].timestamp.duration(since: second[0].timestamp) == .seconds(30))
    }

    @Test func sampledValuesAreToldWhileSomebodyCharges() {
        let bench = ChargingBench.charging()
        var energyWh: Int64 = 5000
        run(bench, seconds: 41, from: &energyWh)
        #expect(mainValues(bench).count == 2)
        bench.swipe("CARD")
        bench.unplug()
        run(bench, seconds: 60, from: &energyWh)
        #expect(mainValues(bench).count == 2)
    }

    // Shows: CORE-MV-41
    /// They belong to no transaction, so that nobody waits for them (OCPP 1.6 §3.7).
    @Test func offlineNothingIsKept() {
        let bench = ChargingBench(keys: [.clockAlignedDataInterval: "10"])
        var energyWh: Int64 = 5000
        run(bench, seconds: 100, from: &energyWh)
        bench.goOnline()
        #expect(mainValues(bench).isEmpty)
        run(bench, seconds: 11, from: &energyWh)
        #expect(mainValues(bench).count == 1)
    }

    @Test func withoutAMainMeterConnectorZeroHasNoValues() {
        let bench = ChargingBench.charging(keys: [.clockAlignedDataInterval: "10"])
        bench.run(seconds: 100)
        #expect(mainValues(bench).isEmpty)
    }

    @Test func aMainMeterThatIsLostIsAWarning() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        read(bench, energyWh: 5000)
        read(bench, energyWh: 5000, valid: false)
        read(bench, energyWh: 5001)
        #expect(bench.lines == ["Status 0 Available PowerMeterFailure (main meter)", "Status 0 Available"])
    }

    /// What only the main meter gives may stand in a list (OCPP 1.6 §3.16.4).
    @Test func whatOnlyTheMainMeterGivesIsMeasured() {
        let bench = ChargingBench()
        let line = MeasurandSelection(.currentImport, phase: .l3)
        #expect(!bench.machine.measures(line))
        read(bench, energyWh: 5000)
        #expect(bench.machine.measures(line))
    }
}
