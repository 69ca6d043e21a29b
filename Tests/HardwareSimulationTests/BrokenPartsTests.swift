import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives
import Testing

@Suite struct BrokenPartsTests {
    private func fault(_ code: HardwareFaultCode, on: Bool? = nil) -> SimulateHardware {
        SimulateHardware(action: .fault, connectorId: 1, on: on, fault: code)
    }

    private func repair(_ code: HardwareFaultCode) -> SimulateHardware {
        SimulateHardware(action: .clear, connectorId: 1, fault: code)
    }

    @Test(arguments: [
        HardwareFaultCode.powerSwitchFailure, .powerMeterFailure, .connectorLockFailure, .evCommunicationError,
        .emergencyStop, .enclosureOpen, .groundFailure, .highTemperature, .overCurrentFailure, .overVoltage,
        .underVoltage,
        .internalError,
    ])
    func everyFaultOfAConnectorShowsAndGoes(code: HardwareFaultCode) throws {
        var yard = try Yard.charging(Yard.socket)
        try yard.simulate(fault(code))
        yard.wait(.seconds(4))
        #expect(yard.connector()?.faults == [code])
        yard.wait(.seconds(61))
        #expect(yard.connector()?.contactor == .open)
        try yard.simulate(repair(code))
        yard.clear(code)
        yard.wait(.seconds(61))
        #expect(yard.connector()?.faults == [])
    }

    @Test(arguments: [
        HardwareFaultCode.powerSwitchFailure, .powerMeterFailure, .evCommunicationError, .groundFailure, .internalError,
    ])
    func everyFaultShowsWithoutAVehicleToo(code: HardwareFaultCode) throws {
        var yard = Yard()
        yard.wait(.seconds(6))
        try yard.simulate(fault(code))
        yard.wait(.seconds(4))
        #expect(yard.connector()?.faults == [code])
        try yard.simulate(repair(code))
        yard.clear(code)
        yard.wait(.seconds(4))
        #expect(yard.connector()?.faults == [])
        #expect(yard.connector()?.pilot == .a)
    }

    @Test func whatNoConnectorCanHaveIsNeitherBrokenNorRepaired() {
        var yard = Yard()
        let unknown = HardwareFaultCode(rawValue: "nix")
        for request in [fault(unknown), repair(unknown)] {
            let error = #expect(throws: BusError.self) { try yard.simulate(request) }
            #expect(error?.code == .invalid)
        }
    }

    @Test func aWeldedContactorShowsWhenItShouldOpen() throws {
        var yard = try Yard.charging()
        try yard.simulate(fault(.powerSwitchFailure, on: true))
        yard.wait(.seconds(10))
        #expect(yard.connector()?.faults == [])
        try yard.simulate(SimulateHardware(action: .unplug, connectorId: 1))
        yard.wait(.seconds(1))
        #expect(yard.connector()?.contactor == .welded)
    }

    @Test func aContactorThatDoesNotCloseShowsWhenItShould() throws {
        var yard = Yard()
        yard.wait(.seconds(6))
        try yard.simulate(fault(.powerSwitchFailure, on: false))
        #expect(yard.connector()?.faults == [])
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1))
        yard.permit(16_000)
        yard.wait(.seconds(3))
        #expect(yard.connector()?.faults == [.powerSwitchFailure])
        #expect(yard.meter()?.powerW == 0)
    }

    @Test func aJammedLockPreventsCharging() throws {
        var yard = Yard([Yard.socket])
        yard.wait(.seconds(6))
        try yard.simulate(SimulateHardware(action: .lock, connectorId: 1, on: true))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1))
        yard.permit(16_000)
        yard.wait(.seconds(10))
        #expect(yard.connector()?.faults == [.connectorLockFailure])
        #expect(yard.connector()?.contactor == .open)
        try yard.simulate(SimulateHardware(action: .lock, connectorId: 1, on: false))
        yard.wait(.seconds(10))
        #expect(yard.connector()?.faults == [])
        #expect(yard.connector()?.contactor == .closed)
    }

    @Test func aJammedLockFailsAnUnlock() throws {
        var yard = try Yard.charging(Yard.socket)
        try yard.simulate(SimulateHardware(action: .lock, connectorId: 1, on: true))
        yard.permit(0)
        yard.unlock()
        yard.wait(.seconds(5))
        let replies = yard.told.map(\.effect).filter { if case .reply(_, .unlock) = $0 { true } else { false } }
        #expect(replies.count == 1)
        guard case .reply(_, .unlock(let reply)) = replies.first else { return }
        #expect(reply.outcome == .failed)
    }

    @Test func theCableIsTakenAlongOnceItIsFree() throws {
        var yard = try Yard.charging(Yard.socket)
        try yard.simulate(SimulateHardware(action: .unplug, connectorId: 1))
        yard.wait(.seconds(1))
        #expect(yard.connector()?.lock == .locked)
        yard.permit(0)
        yard.unlock()
        yard.wait(.seconds(1))
        #expect(yard.connector()?.lock == .unlocked)
        #expect(yard.charger.world.connectors[0].cableInSocket == false)
    }

    @Test func aSilentMeterIsReportedAndComesBack() throws {
        var yard = try Yard.charging()
        try yard.simulate(SimulateHardware(action: .meter, connectorId: 1, on: false))
        yard.wait(.seconds(4))
        #expect(yard.connector()?.faults == [.powerMeterFailure])
        #expect(yard.meter()?.valid == false)
        try yard.simulate(SimulateHardware(action: .meter, connectorId: 1, on: true))
        yard.wait(.seconds(3))
        #expect(yard.connector()?.faults == [])
        #expect(yard.meter()?.valid == true)
    }

    @Test func aRegisterThatIsSetBackIsNotPublished() throws {
        var yard = try Yard.charging()
        yard.wait(.seconds(600))
        let energyWh = try #require(yard.meter()?.energyWh)
        try yard.simulate(SimulateHardware(action: .meter, connectorId: 1, energyWh: 0))
        yard.wait(.seconds(10))
        #expect(yard.connector()?.faults == [.powerMeterFailure])
        #expect(yard.meter().map { $0.energyWh >= energyWh && !$0.valid } == true)
    }

    @Test func aLoadThatIgnoresTheLimitTrips() throws {
        var yard = try Yard.charging()
        try yard.simulate(SimulateHardware(action: .load, connectorId: 1, currentMilliamps: 30_000))
        yard.wait(.seconds(15))
        #expect(yard.connector()?.faults == [.overCurrentFailure])
        #expect(yard.connector()?.contactor == .open)
    }

    @Test func aVehicleThatDoesNotEndItsDrawIsCutOffUnderLoad() throws {
        var yard = try Yard.charging()
        try yard.simulate(SimulateHardware(action: .load, connectorId: 1, currentMilliamps: 16_000))
        yard.wait(.seconds(2))
        yard.permit(0)
        yard.wait(.milliseconds(5900))
        #expect(yard.connector()?.contactor == .closed)
        yard.wait(.milliseconds(200))
        #expect(yard.connector()?.contactor == .open)
    }

    @Test func aCardIsPresentedOncePerSwipe() throws {
        var yard = Yard()
        try yard.simulate(SimulateHardware(action: .swipe, readerId: 1, idTag: "04a1b2c3d4e5f6"))
        yard.wait(.seconds(1))
        try yard.simulate(SimulateHardware(action: .swipe, idTag: "04a1b2c3d4e5f6"))
        yard.wait(.seconds(4))
        try yard.simulate(SimulateHardware(action: .swipe, idTag: "TAG1"))
        #expect(yard.published(CardPresented.self).map(\.idTag) == ["04A1B2C3D4E5F6", "TAG1"])
    }

    @Test func aBrokenReaderIsReported() throws {
        var yard = Yard()
        try yard.simulate(SimulateHardware(action: .fault, readerId: 1, fault: .readerFailure))
        #expect(yard.published(ReaderState.self).last?.faults == [.readerFailure])
        #expect(throws: BusError(.refused, "reader 1 is broken")) {
            try yard.simulate(SimulateHardware(action: .swipe, idTag: "TAG1"))
        }
        try yard.simulate(SimulateHardware(action: .clear, readerId: 1))
        #expect(yard.published(ReaderState.self).last?.faults == [])
    }

    @Test(arguments: [
        SimulateHardware(action: .plug, connectorId: 9),
        SimulateHardware(action: .swipe),
        SimulateHardware(action: .swipe, readerId: 7, idTag: "TAG1"),
        SimulateHardware(action: .swipe, idTag: "123456789012345678901"),
        SimulateHardware(action: .ev, connectorId: 1, ready: true),
        SimulateHardware(action: .load, connectorId: 1, currentMilliamps: 5),
        SimulateHardware(action: .plug, connectorId: 1, currentMilliamps: -1),
        SimulateHardware(action: .plug, connectorId: 1, batteryWh: .max),
        SimulateHardware(action: .lock, connectorId: 1),
        SimulateHardware(action: .fault, connectorId: 1),
        SimulateHardware(action: .fault, connectorId: 1, fault: .connectorLockFailure),
        SimulateHardware(action: .fault, connectorId: 1, fault: .init(rawValue: "Gremlins")),
        SimulateHardware(action: .init(rawValue: "explode"), connectorId: 1),
    ])
    func whatCannotBeIsRefusedAndChangesNothing(request: SimulateHardware) {
        var yard = Yard()
        let world = yard.charger.world
        #expect(throws: BusError.self) { try yard.simulate(request) }
        #expect(yard.charger.world == world)
    }

    @Test func aDeviceThatIsNotNamedIsTheOnlyOne() throws {
        var yard = Yard()
        try yard.simulate(SimulateHardware(action: .plug))
        yard.wait(.milliseconds(20))
        #expect(yard.connector()?.pilot == .b)
        var two = Yard([
            Yard.fixedCable,
            ConnectorConfiguration(connectorId: 2, ratedMilliamps: 16_000, phases: 1, cable: .fixed),
        ])
        #expect(throws: BusError(.invalid, "connectorId is missing, there are 2 of them")) {
            try two.simulate(SimulateHardware(action: .plug))
        }
    }

    @Test func theSummaryIsForPeople() throws {
        let yard = try Yard.charging()
        #expect(
            yard.charger.summary == """
                connector 1: EV plugged, asks for energy, draws 15960 mA, 39997 Wh missing; contactor closed; \
                register 2 Wh; nothing broken
                reader 1: works
                """
        )
    }
}
