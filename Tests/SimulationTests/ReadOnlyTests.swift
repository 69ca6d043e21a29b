import BusSchema
import CentralSystem
import ChargerWorld
import OCPP
import Primitives
import Testing

/// The machine starts with its file systems mounted read-only, as after an error that the kernel found.
@Suite struct ReadOnlyTests {
    /// Nothing that has to be stored is accepted, nothing begins, and it is all as before once they can be written.
    @Test func aChargerThatCanStoreNothingIsConnectedAndTruthful() {
        var scenario = Scenario.standard
        let change = ChangeConfiguration.Request(key: "MeterValueSampleInterval", value: "10")
        let out = ChangeAvailability.Request(connectorId: 1, type: .inoperative)
        scenario.plans = [
            (.seconds(10), .diskReadOnly(true)), (.seconds(11), .cutPower(.seconds(5))),
            (.seconds(90), .plug(1)), (.seconds(100), .swipe(Scenario.card)),
            (.seconds(110), .command(.call(.changeConfiguration(change)))),
            (.seconds(120), .command(.call(.changeAvailability(out)))),
        ]
        scenario.length = .seconds(130)
        let world = World(scenario.settings)
        for (time, plan) in scenario.plans { world.plan(plan, at: time) }
        world.run(scenario.length)
        #expect(world.status?.link.phase == .accepted)
        #expect(world.status?.queue.storageFault?.contains("read-only") == true)
        #expect(world.ledger.transactions.isEmpty)
        world.settle()
        #expect(world.status?.queue.storageFault == nil)
        #expect(world.violations.isEmpty, "\(world.report())")
    }

    @Test func aSessionThatRanGoesOnToItsEnd() {
        var scenario = Scenario.standard
        scenario.plans += [
            (.seconds(70), .diskReadOnly(true)), (.seconds(71), .kill(.gateway, restartAfter: .seconds(2))),
            (.seconds(110), .diskReadOnly(false)),
        ]
        let world = scenario.play(briefly: true)
        #expect(world.violations.isEmpty, "\(world.report())")
        #expect(world.ledger.transactions.map { $0.stop != nil } == [true])
    }
}
