import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives
import Testing

@Suite struct RestartTests {
    @Test func aKilledProcessComesBackToTheSameCarAndRegisterWithoutAPermit() throws {
        var yard = try Yard.charging()
        yard.wait(.seconds(600))
        let bootId = yard.connector()?.bootId
        let energyWh = try #require(yard.meter()?.energyWh)
        yard.told = []
        yard.restart()
        #expect(yard.told.first?.effect == .command(.openContactor(connectorId: 1)))
        yard.wait(.milliseconds(20))
        #expect(yard.connector()?.bootId != bootId)
        #expect(yard.connector()?.permit == nil)
        #expect(yard.connector()?.contactor == .open)
        #expect(yard.connector()?.pilot == .b)
        yard.wait(.seconds(2))
        #expect(yard.meter().map { $0.energyWh >= energyWh } == true)
    }

    @Test func theSessionGoesOnAfterARestart() throws {
        var yard = try Yard.charging()
        yard.restart()
        yard.permit(16_000)
        yard.wait(.seconds(10))
        #expect(yard.connector()?.contactor == .closed)
        #expect(yard.published(HardwareFault.self).isEmpty)
    }

    @Test func noRegisterEverFallsOverManyRestarts() throws {
        var yard = try Yard.charging()
        for round in 0..<50 {
            yard.wait(.milliseconds(777 * (round % 13)))
            yard.restart()
            yard.permit(16_000)
        }
        let registers = yard.published(MeterReading.self).map(\.energyWh)
        #expect(registers == registers.sorted())
        #expect(yard.published(HardwareFault.self).isEmpty)
    }

    @Test func aLockedCableStaysLockedOverARestart() throws {
        var yard = try Yard.charging(Yard.socket)
        #expect(yard.connector()?.lock == .locked)
        yard.restart()
        #expect(yard.connector()?.lock == .locked)
        yard.unlock()
        yard.wait(.seconds(1))
        #expect(yard.connector()?.lock == .unlocked)
    }

    @Test func aWeldedContactorIsFoundAgain() throws {
        var yard = try Yard.charging()
        try yard.simulate(SimulateHardware(action: .fault, connectorId: 1, on: true, fault: .powerSwitchFailure))
        yard.restart()
        yard.wait(.seconds(1))
        #expect(yard.connector()?.contactor == .welded)
    }

    @Test func aLeaseEndsWithEverybodyElseDead() throws {
        var yard = Yard()
        yard.wait(.seconds(6))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1))
        yard.permit(16_000, seconds: 30)
        yard.wait(.seconds(20))
        #expect(yard.connector()?.contactor == .closed)
        yard.wait(.seconds(11))
        #expect(yard.connector()?.contactor == .open)
        #expect(yard.connector()?.permit == nil)
    }

    @Test func terminationEndsWithTheContactorOpen() throws {
        var yard = try Yard.charging()
        yard.terminate()
        yard.wait(.seconds(1))
        #expect(yard.told.last?.effect == .finish)
        #expect(yard.connector()?.contactor == .open)
        #expect(yard.published(HardwareFault.self).isEmpty)
    }
}
