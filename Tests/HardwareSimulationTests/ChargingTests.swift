import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives
import Testing

@Suite struct ChargingTests {
    @Test func aChargeFromPlugToUnplug() throws {
        var yard = try Yard.charging()
        #expect(yard.connector()?.pilot == .c)
        #expect(yard.connector()?.contactor == .closed)
        #expect(yard.meter()?.currentMilliamps == [15_960])
        yard.wait(.seconds(3600 - 10))
        #expect(yard.meter().map { (3600...3670).contains($0.powerW) } == true)
        #expect(yard.meter().map { (3600...3670).contains($0.energyWh) } == true)
        yard.permit(0)
        yard.wait(.seconds(2))
        #expect(yard.connector()?.pilot == .b)
        #expect(yard.connector()?.contactor == .open)
        #expect(yard.meter()?.currentMilliamps == [0])
        try yard.simulate(SimulateHardware(action: .unplug, connectorId: 1))
        yard.wait(.milliseconds(20))
        #expect(yard.connector()?.pilot == .a)
        #expect(yard.published(HardwareFault.self).isEmpty)
    }

    @Test func theContactorIsClosedWithinThreeSecondsOfTheRequest() throws {
        let yard = try Yard.charging()
        let asked = yard.told.first { entry in
            guard case .publish(let message) = entry.effect else { return false }
            return (message.value as? ConnectorState)?.pilot == .c
        }
        let closed = yard.told.first { entry in
            guard case .publish(let message) = entry.effect else { return false }
            return (message.value as? ConnectorState)?.contactor == .closed
        }
        let delay = try #require(closed).at - (try #require(asked)).at
        #expect(delay <= .seconds(3))
    }

    @Test func theVehicleFollowsTheLimit() throws {
        var yard = try Yard.charging()
        yard.permit(10_000)
        yard.wait(.seconds(8))
        #expect(yard.meter()?.currentMilliamps == [9960])
        yard.permit(32_000)
        yard.wait(.seconds(8))
        #expect(yard.meter()?.currentMilliamps == [31_980])
    }

    @Test func aLimitBelowSixAmperesPausesAndALaterOneGoesOn() throws {
        var yard = try Yard.charging()
        yard.permit(3000)
        yard.wait(.seconds(3))
        #expect(yard.connector()?.contactor == .open)
        #expect(yard.connector()?.pilot == .b)
        yard.permit(8000)
        yard.wait(.seconds(8))
        #expect(yard.connector()?.contactor == .closed)
        #expect(yard.meter()?.currentMilliamps == [7980])
    }

    @Test func aFullBatteryTapersAndEndsByItself() throws {
        var yard = Yard()
        yard.wait(.seconds(6))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1, batteryWh: 1000))
        yard.permit(32_000)
        yard.wait(.seconds(600))
        let later = yard.published(MeterReading.self).filter { $0.powerW > 0 }.map(\.powerW)
        #expect(later.last.map { $0 < 2000 } == true)
        yard.wait(.seconds(3000))
        #expect(yard.connector()?.pilot == .b)
        #expect(yard.connector()?.contactor == .open)
        #expect(yard.charger.world.connectors[0].registerMicrowattSeconds == 1000 * 3_600_000_000)
        #expect(yard.meter()?.energyWh == 1000)
    }

    @Test func whatTheMeterCountsTheBatteryGets() throws {
        var yard = try Yard.charging(Yard.socket, milliamps: 11_000)
        yard.wait(.milliseconds(1_234_567))
        let place = yard.charger.world.connectors[0]
        let missing = try #require(place.vehicle?.missingMicrowattSeconds)
        #expect(place.registerMicrowattSeconds > 0)
        #expect(place.registerMicrowattSeconds + missing == 40_000 * 3_600_000_000)
    }

    @Test func howOftenItIsLookedAtDoesNotChangeTheEnergy() throws {
        var seldom = try Yard.charging()
        var often = seldom
        seldom.wait(.seconds(100))
        for _ in 0..<1000 { often.wait(.milliseconds(100)) }
        #expect(seldom.charger.world == often.charger.world)
    }

    @Test func energyMayPassFasterThanTime() throws {
        var fast = Yard.fixedCable
        fast.energyTimeScale = 60
        var yard = try Yard.charging(fast)
        yard.wait(.seconds(60))
        #expect(yard.meter().map { (3600...4000).contains($0.energyWh) } == true)
        #expect(yard.published(HardwareFault.self).isEmpty)
    }

    @Test func aVehicleThatIsNotReadyWaitsInStateB() throws {
        var yard = Yard()
        yard.wait(.seconds(6))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1, ready: false))
        yard.permit(16_000)
        yard.wait(.seconds(60))
        #expect(yard.connector()?.pilot == .b)
        #expect(yard.connector()?.contactor == .open)
        try yard.simulate(SimulateHardware(action: .ev, connectorId: 1, ready: true))
        yard.wait(.seconds(4))
        #expect(yard.connector()?.contactor == .closed)
        try yard.simulate(SimulateHardware(action: .ev, connectorId: 1, ready: false))
        yard.wait(.milliseconds(20))
        #expect(yard.connector()?.pilot == .b)
        #expect(yard.connector()?.contactor == .opening)
    }

    @Test func pullingTheCableOpensWithTheSecondReading() throws {
        var yard = try Yard.charging()
        let before = yard.told.count
        let pulledAt = yard.now.uptime
        try yard.simulate(SimulateHardware(action: .unplug, connectorId: 1))
        yard.wait(.milliseconds(20))
        let opening = yard.told[before...].first { $0.effect == .command(.openContactor(connectorId: 1)) }
        #expect(try #require(opening).at - pulledAt <= .milliseconds(20))
    }

    @Test func twoConnectorsChargeIndependently() throws {
        let second = ConnectorConfiguration(
            connectorId: 2,
            ratedMilliamps: 16_000,
            phases: 3,
            cable: .socket(lock: true)
        )
        var yard = Yard([Yard.fixedCable, second])
        yard.wait(.seconds(6))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 1))
        try yard.simulate(SimulateHardware(action: .plug, connectorId: 2))
        yard.permit(16_000, connectorId: 1)
        yard.permit(16_000, connectorId: 2)
        yard.wait(.seconds(10))
        #expect(yard.connector(1)?.contactor == .closed)
        #expect(yard.connector(2)?.contactor == .closed)
        #expect(yard.connector(2)?.lock == .locked)
        try yard.simulate(SimulateHardware(action: .fault, connectorId: 1, fault: .groundFailure))
        yard.wait(.seconds(1))
        #expect(yard.connector(1)?.contactor == .open)
        #expect(yard.connector(2)?.contactor == .closed)
        #expect(yard.meter(2)?.currentMilliamps.count == 3)
    }

    /// A question to the meter, its answer and a report of the sensors, each 10 s.
    @Test func whileIdleTheProcessIsWokenThreeTimesInTenSeconds() throws {
        var yard = Yard()
        yard.wait(.seconds(10))
        yard.wakeUps = 0
        yard.wait(.seconds(600))
        #expect(yard.wakeUps <= 200)
    }

    /// Each second a question to the meter, its answer, a report of the sensors and a tick of the battery.
    @Test func whileChargingTheProcessIsWokenFourTimesASecond() throws {
        var yard = try Yard.charging()
        yard.wakeUps = 0
        yard.wait(.seconds(600))
        #expect(yard.wakeUps <= 2500)
    }

    @Test func oneScriptIsOneRun() throws {
        var first = try Yard.charging()
        var second = try Yard.charging()
        first.wait(.seconds(60))
        second.wait(.seconds(60))
        #expect(first.told.map(\.effect) == second.told.map(\.effect))
    }
}
