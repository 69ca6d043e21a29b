import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives
import Testing

/// A charge that is switched from three phases to one and back, with devices that take their time, and the weld that a second witness shows.
@Suite struct PhaseSwitchingTests {
    private static var connector: ConnectorConfiguration {
        var connector = Yard.socket
        connector.equipment.switchesPhases = true
        connector.equipment.seesOutputVoltage = true
        return connector
    }

    @Test func aChargeGoesOnWithOnePhaseAndThenWithThree() throws {
        var yard = try Yard.charging(Self.connector)
        yard.model = nil
        yard.wait(.seconds(30))
        #expect(yard.connector()?.phases == 3)
        let three = try #require(yard.meter())
        #expect(three.currentMilliamps.allSatisfy { $0 > 15_000 })
        yard.permit(16_000, phases: 1)
        let asked = yard.now.uptime
        yard.wait(.seconds(30))
        #expect(yard.connector()?.phases == 1)
        #expect(yard.connector()?.contactor == .closed)
        let one = try #require(yard.meter())
        #expect(one.currentMilliamps[0] > 15_000)
        #expect(one.currentMilliamps[1...] == [0, 0])
        #expect(one.powerW < three.powerW / 2)
        let onL2 = one.quantities?.first { $0.measurand == .powerActiveImport && $0.phase == .l2 }
        #expect(onL2.map { $0.thousandths == 0 } != false)
        let onN = one.quantities?.first { $0.measurand == .currentImport && $0.phase == .n }
        #expect(onN.map { $0.thousandths > 15_000 } != false)
        let orders = yard.told.filter { $0.at >= asked }
            .compactMap { entry -> (at: Duration, command: DriverCommand)? in
                guard case .command(let command) = entry.effect else { return nil }
                return (entry.at, command)
            }
        let opened = try #require(orders.first { $0.command == .openContactor(connectorId: 1) })
        let moved = try #require(orders.first { $0.command == .switchPhases(connectorId: 1, .one) })
        let closed = try #require(orders.first { $0.command == .closeContactor(connectorId: 1) })
        #expect(moved.at - opened.at >= .seconds(10))
        #expect(closed.at > moved.at)
        yard.permit(16_000)
        yard.wait(.seconds(40))
        #expect(yard.connector()?.phases == 3)
        #expect(yard.connector()?.contactor == .closed)
        #expect(yard.published(HardwareFault.self).isEmpty)
    }

    @Test func aStuckPhaseContactorIsAFailureThatServiceEnds() throws {
        var yard = try Yard.charging(Self.connector)
        yard.wait(.seconds(30))
        try yard.simulate(SimulateHardware(action: .part, connectorId: 1, on: true, part: .phaseContactor))
        yard.permit(16_000, phases: 1)
        yard.wait(.seconds(40))
        #expect(yard.connector()?.faults == [.powerSwitchFailure])
        #expect(yard.connector()?.contactor == .open)
        try yard.simulate(SimulateHardware(action: .clear, connectorId: 1))
        yard.clear(.powerSwitchFailure)
        yard.wait(.seconds(40))
        #expect(yard.connector()?.phases == 1)
        #expect(yard.connector()?.contactor == .closed)
    }

    @Test func aWeldBehindALyingMirrorContactHoldsTheCable() throws {
        var yard = try Yard.charging(Self.connector)
        yard.wait(.seconds(30))
        try yard.simulate(SimulateHardware(action: .part, connectorId: 1, on: true, part: .mirrorOpen))
        try yard.simulate(
            SimulateHardware(action: .fault, connectorId: 1, on: true, fault: .powerSwitchFailure)
        )
        yard.permit(0)
        try yard.simulate(SimulateHardware(action: .ev, connectorId: 1, ready: false))
        yard.wait(.seconds(20))
        #expect(yard.connector()?.contactor == .welded)
        yard.unlock()
        yard.wait(.seconds(20))
        #expect(yard.connector()?.lock == .locked)
    }
}
