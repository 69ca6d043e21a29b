import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives
import Testing

@Suite struct QuantityTests {
    /// The measurands that the readings of a minute of charging carry.
    private func measured(_ yard: inout Yard) -> Set<MeterQuantity.Measurand> {
        yard.wait(.seconds(60))
        return Set(yard.published(MeterReading.self).flatMap { $0.quantities ?? [] }.map(\.measurand))
    }

    @Test func theMeterGivesWhatAUsualOneDoes() throws {
        var yard = try Yard.charging()
        #expect(measured(&yard) == SimulationConfiguration.standardMeasurands.subtracting([.voltage]))
        var three = try Yard.charging(Yard.socket)
        #expect(measured(&three) == SimulationConfiguration.standardMeasurands)
    }

    /// By default something is missing or cannot be true now and then, and no reading is lost by that.
    @Test func theyAreDirtyAndDisturbNobody() throws {
        var yard = try Yard.charging()
        yard.wait(.seconds(1000))
        let readings = yard.published(MeterReading.self).filter(\.valid)
        let counts = Set(readings.map { $0.quantities?.count ?? 0 })
        #expect(counts.count > 1)
        #expect(readings.count > 900)
        let temperatures = readings.flatMap { $0.quantities ?? [] }.filter { $0.measurand == .temperature }
        #expect(temperatures.allSatisfy { (20_000...60_000).contains($0.thousandths) })
        #expect(yard.published(HardwareFault.self).isEmpty)
    }
}
