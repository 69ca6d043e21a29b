import BusSchema
import CentralSystem
import ChargerWorld
import Primitives
import Testing

/// The lock of a socket before a transaction begins: it fails, or a service dies between the request to hold the cable and the begin.
@Suite struct CableLockTests {
    private static func lock(isJammed: Bool) -> Plan {
        .simulate(SimulateHardware(action: .lock, connectorId: 1, on: isJammed))
    }

    // Shows: CORE-UNL-07
    @Test func aJammedLockBeginsNoTransaction() {
        let world = World(Scenario.locked.settings)
        world.plan(Self.lock(isJammed: true), at: .seconds(30))
        for (time, plan) in Scenario.locked.plans.prefix(2) { world.plan(plan, at: time) }
        world.run(.seconds(80))
        #expect(world.ledger.transactions.isEmpty)
        #expect(world.connectorStatus()?.status == "Faulted")
        #expect(world.connectorStatus()?.errorCode == "ConnectorLockFailure")
        world.settle()
        #expect(world.violations.isEmpty, "\(world.report())")
    }

    /// The person still waits: ConnectionTimeOut is not over.
    @Test func aLockThatComesFreeInTimeLetsTheTransactionBegin() {
        let world = World(Scenario.locked.settings)
        world.plan(Self.lock(isJammed: true), at: .seconds(30))
        for (time, plan) in Scenario.locked.plans.prefix(2) { world.plan(plan, at: time) }
        world.plan(Self.lock(isJammed: false), at: .seconds(65))
        world.run(.seconds(85))
        #expect(world.ledger.transactions.count == 1)
        world.settle()
        #expect(world.violations.isEmpty, "\(world.report())")
    }

    /// The cable is asked for at 50.2 s, and locked half a second later.
    @Test(arguments: Service.allCases, [50.0, 50.1, 50.2, 50.25, 50.3, 50.4, 50.6, 50.8, 51, 52])
    func aServiceThatDiesWhileTheCableIsLockedHarmsNothing(_ service: Service, at instant: Double) {
        for outage in [Duration.milliseconds(100), .seconds(3), .seconds(100)] {
            let world = Scenario.locked.play(briefly: outage < .seconds(9)) { world in
                world.plan(.kill(service, restartAfter: outage), at: .milliseconds(Int(instant * 1000)))
            }
            #expect(world.violations.isEmpty, "\(world.report())")
        }
    }
}
