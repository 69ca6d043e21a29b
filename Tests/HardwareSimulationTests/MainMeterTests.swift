import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives
import Testing

@Suite struct MainMeterTests {
    private static let configuration = MainMeterConfiguration(ratedMilliamps: 63_000, phases: 3)

    private func readings(_ yard: Yard) -> [MeterReading] {
        yard.published(MeterReading.self).filter { $0.connectorId == 0 }
    }

    /// What flows to the connector flows through it.
    @Test func itCountsWhatTheConnectorsTake() throws {
        var yard = try Yard.charging(mainMeter: Self.configuration)
        yard.wait(.seconds(3600))
        let main = readings(yard)
        #expect(main.count > 3500)
        let last = try #require(main.last)
        let own = try #require(yard.published(MeterReading.self).last { $0.connectorId == 1 })
        #expect(last.valid && own.valid)
        for (all, one) in zip(last.currentMilliamps, own.currentMilliamps) { #expect(abs(all - one) <= 200) }
        let taken = last.energyWh - (main.first?.energyWh ?? 0)
        #expect((3600...3680).contains(taken))
        #expect(yard.published(HardwareFault.self).isEmpty)
    }

    @Test func withoutOneThereIsNoConnectorZero() throws {
        var yard = try Yard.charging()
        yard.wait(.seconds(60))
        #expect(readings(yard).isEmpty)
    }
}
