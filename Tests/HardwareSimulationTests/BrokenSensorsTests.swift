import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives
import Testing

/// Parts without a fault code of their own, broken on the simulated board: each shows, and goes when it is mended.
@Suite struct BrokenSensorsTests {
    private func part(_ part: SimulateHardware.Part, _ broken: Bool = true) -> SimulateHardware {
        SimulateHardware(action: .part, connectorId: 1, on: broken, part: part)
    }

    @Test(arguments: [
        (SimulateHardware.Part.diode, HardwareFaultCode.evCommunicationError, Int64(3)), (.pwm, .internalError, 4),
        (.pilotSensor, .internalError, 4), (.mirrorSilent, .powerSwitchFailure, 32),
        (.lockContact, .connectorLockFailure, 32), (.proximity, .internalError, 4),
        (.meterFrozen, .powerMeterFailure, 70),
    ])
    func aPartThatBreaksWhileChargingIsAFaultAndEndsTheCharge(
        broken: SimulateHardware.Part,
        code: HardwareFaultCode,
        seconds: Int64
    ) throws {
        var connector = Yard.socket
        connector.meterLossGrace = .zero
        var yard = try Yard.charging(connector)
        #expect(yard.connector()?.contactor == .closed)
        try yard.simulate(part(broken))
        yard.wait(.seconds(seconds))
        #expect(yard.connector()?.faults == [code])
        #expect(yard.connector()?.contactor != .closed)
        try yard.simulate(part(broken, false))
        // A missing diode is a fault of that EV.
        if broken == .diode { try yard.simulate(SimulateHardware(action: .unplug, connectorId: 1)) }
        yard.wait(.seconds(20))
        #expect(yard.connector()?.faults == [])
    }

    @Test(arguments: [SimulateHardware.Part.diode, .pwm, .ventilation, .pilotSensor])
    func nothingClosesWithIt(broken: SimulateHardware.Part) throws {
        var yard = Yard()
        yard.wait(.seconds(6))
        try yard.simulate(part(broken))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1))
        yard.permit(16_000)
        yard.wait(.seconds(60))
        #expect(!yard.told.contains { $0.effect == .command(.closeContactor(connectorId: 1)) })
    }

    @Test func aVehicleThatNeedsVentilationIsToldWhyItGetsNothing() throws {
        var yard = Yard()
        yard.wait(.seconds(6))
        try yard.simulate(part(.ventilation))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1))
        yard.permit(16_000)
        yard.wait(.seconds(5))
        #expect(yard.connector()?.pilot == .d)
        #expect(yard.connector()?.notChargingBecause?.contains("ventilation") == true)
    }

    @Test func aMirrorContactThatShowsOpenForEverIsFoundAtTheNextClosing() throws {
        var yard = Yard([Yard.socket])
        yard.wait(.seconds(6))
        try yard.simulate(part(.mirrorOpen))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1))
        yard.permit(16_000)
        yard.wait(.seconds(5))
        #expect(yard.connector()?.faults == [.powerSwitchFailure])
        yard.permit(0)
        yard.unlock()
        yard.wait(.seconds(30))
        #expect(yard.connector()?.lock == .locked)
    }

    @Test func aSlowMeterIsAskedOneQuestionAtATimeAndDisturbsNoCharge() throws {
        var yard = try Yard.charging()
        try yard.simulate(part(.meterSlow))
        let before = yard.published(MeterReading.self).count
        yard.wait(.seconds(60))
        #expect(yard.published(HardwareFault.self).isEmpty)
        #expect(yard.connector()?.contactor == .closed)
        #expect((13...16).contains(yard.published(MeterReading.self).count - before))
    }

    @Test func aRegisterThatStartsAnewAtARestartIsFound() throws {
        var yard = try Yard.charging()
        yard.wait(.seconds(600))
        yard.permit(0)
        yard.wait(.seconds(10))
        let energyWh = try #require(yard.meter()?.energyWh)
        #expect(yard.memory.outlets.first?.registerWh == energyWh)
        try yard.simulate(part(.registerAtStart))
        yard.told = []
        yard.restart()
        yard.wait(.seconds(10))
        #expect(yard.connector()?.faults == [.powerMeterFailure])
        #expect(yard.published(MeterReading.self).isEmpty)
    }

    @Test func aGroundFaultSurvivesARestart() throws {
        var yard = try Yard.charging()
        try yard.simulate(SimulateHardware(action: .fault, connectorId: 1, fault: .groundFailure))
        try yard.simulate(SimulateHardware(action: .clear, connectorId: 1, fault: .groundFailure))
        yard.restart()
        yard.permit(16_000)
        yard.wait(.seconds(30))
        #expect(yard.connector()?.faults == [.groundFailure])
        #expect(yard.connector()?.contactor == .open)
        yard.clear(.groundFailure)
        yard.wait(.seconds(10))
        #expect(yard.connector()?.contactor == .closed)
    }

    @Test func anUnknownPartIsRefused() {
        var yard = Yard()
        #expect(throws: BusError.self) { try yard.simulate(part(SimulateHardware.Part(rawValue: "flux"))) }
        #expect(throws: BusError.self) { try yard.simulate(SimulateHardware(action: .part, connectorId: 1)) }
    }

    /// The default noise, a hundred hours of charging and idling: nothing of it is a fault, and nothing interrupts a charge.
    @Test func theDefaultNoiseDisturbsNothing() throws {
        var yard = try Yard.charging(Yard.socket)
        for _ in 0..<20 {
            yard.permit(16_000)
            yard.wait(.seconds(1800))
            #expect(yard.published(HardwareFault.self).isEmpty)
            // Full.
            if yard.connector()?.pilot == .b { break }
            #expect(yard.connector()?.contactor == .closed)
        }
    }

    /// The EV is gone for hardware-io at once, and does not seem to ask for ventilation until the board reports again by itself.
    @Test func anOddReadingJustAfterAChangeDecidesNothing() throws {
        var yard = Yard(noise: SimulatedNoise(oddPerMille: 300))
        for _ in 0..<50 {
            try yard.simulate(SimulateHardware(action: .plug, connectorId: 1))
            yard.wait(.milliseconds(400))
            #expect(yard.connector()?.pilot == .b)
            try yard.simulate(SimulateHardware(action: .unplug, connectorId: 1))
            yard.wait(.milliseconds(400))
            #expect(yard.connector()?.pilot == .a)
        }
    }
}
