import BusSchema
import CentralSystem
import ChargerWorld
import GatewayCore
import OCPP
import Primitives
import Testing

/// Everything as it should be.
@Suite struct SessionTests {
    // Shows: CORE-TX-40
    @Test(arguments: [Scenario.standard, .offline, .locked, .two])
    func everySessionIsBilledOnceAndExactly(_ scenario: Scenario) {
        let world = scenario.play()
        #expect(world.violations.isEmpty, "\(world.report())")
        // One more is the proof at the end that each connector still charges.
        let sessions = 2 * scenario.settings.connectors
        #expect(world.ledger.transactions.count == sessions)
        for transaction in world.ledger.transactions.prefix(scenario.settings.connectors) {
            #expect((transaction.energyWh ?? 0) > 100)
        }
    }

    // Shows: SEED-02
    @Test func meterValuesComeEveryTwentySeconds() {
        let world = Scenario.standard.play()
        #expect(world.ledger.transactions.first?.samples == 3)
    }

    /// No current explains what the meter of a running charge says; a technician accepts it nevertheless.
    @Test func aRegisterThatIsAcceptedElsewhereIsBilledToNobody() {
        let jump = SimulateHardware(action: .meter, connectorId: 1, energyWh: 1_000_400)
        let world = Scenario.standard.play { world in
            world.plan(.simulate(jump), at: .seconds(80))
            world.plan(.repair(1), at: .seconds(90))
        }
        #expect(world.violations.isEmpty, "\(world.report())")
        let first = world.ledger.transactions.first
        #expect(first?.stop?.reason == .other)
        #expect(first?.energyWh.map { (20..<100).contains($0) } == true)
        #expect(world.ledger.transactions.count == 3)
    }

    @Test func aRunCanBeRepeatedExactly() {
        var settings = WorldSettings(seed: 7)
        settings.bus.duplication = 0.02
        settings.rememberedSteps = 2000
        func run() -> String {
            let world = World(settings)
            world.begin(Chance())
            world.run(.seconds(1800))
            return world.dump(2000)
        }
        #expect(run() == run())
    }

    @Test func theAuditorSeesEnergyThatNobodyPays() {
        let world = World(WorldSettings())
        world.plan(.plug(1), at: .seconds(30))
        // A contactor that welds on its own, under an EV that draws whatever it is told.
        world.plan(.simulate(.init(action: .load, connectorId: 1, currentMilliamps: 16_000)), at: .seconds(40))
        world.plan(
            .simulate(.init(action: .fault, connectorId: 1, on: true, fault: .powerSwitchFailure)),
            at: .seconds(50)
        )
        world.run(.seconds(1200))
        world.settle()
        #expect(!world.violations.isEmpty)
        #expect(world.report().contains("outside of every transaction"))
    }
}
