import BusSchema
import CentralSystem
import ChargerWorld
import GatewayCore
import OCPP
import Primitives
import Testing

/// A service dies in the middle of a session and comes back.
@Suite struct KillTests {
    /// Idle; cable in; right after the card; closing; charging; right after the stop; unplugged.
    static let instants: [Double] = [35, 45, 50.02, 50.2, 50.6, 51.5, 100, 130.01, 130.3, 132, 138, 141]

    @Test(arguments: Service.allCases, instants)
    func aKilledServiceHarmsNoSession(_ service: Service, at instant: Double) {
        for outage in [Duration.milliseconds(100), .seconds(3), .seconds(100)] {
            let world = Scenario.standard.play(briefly: outage < .seconds(9)) { world in
                world.plan(.kill(service, restartAfter: outage), at: .milliseconds(Int(instant * 1000)))
            }
            #expect(world.violations.isEmpty, "\(world.report())")
        }
    }

    @Test(arguments: Service.allCases, [45.0, 50.3, 100, 130.3])
    func anUpgradedServiceHarmsNoSession(_ service: Service, at instant: Double) {
        let world = Scenario.standard.play { world in
            world.plan(.upgrade(service), at: .milliseconds(Int(instant * 1000)))
        }
        #expect(world.violations.isEmpty, "\(world.report())")
        #expect(world.ledger.transactions.count == 2)
    }

    @Test func aGatewayThatIsReplacedWhileACarChargesInterruptsNothing() {
        let world = Scenario.standard.play { world in
            world.plan(.upgrade(.gateway), at: .seconds(90))
        }
        #expect(world.violations.isEmpty, "\(world.report())")
        // As much as without: the contactor stayed closed.
        let undisturbed = Scenario.standard.play().ledger.transactions.first?.energyWh ?? 0
        let energy = world.ledger.transactions.first?.energyWh ?? 0
        #expect(abs(energy - undisturbed) <= 1)
    }

    @Test(arguments: instants)
    func allServicesMayDieAtOnce(at instant: Double) {
        let world = Scenario.two.play { world in
            for service in Service.allCases {
                world.plan(.kill(service, restartAfter: .seconds(3)), at: .milliseconds(Int(instant * 1000)))
            }
        }
        #expect(world.violations.isEmpty, "\(world.report())")
    }

    @Test(arguments: [60.0, 71, 82, 99])
    func aGatewayThatStaysAwayEndsEnergyWithItsLease(at instant: Double) {
        let world = World(Scenario.standard.settings)
        for (time, plan) in Scenario.standard.plans.prefix(2) { world.plan(plan, at: time) }
        world.plan(.kill(.gateway, restartAfter: .seconds(600)), at: .milliseconds(Int(instant * 1000)))
        world.run(.milliseconds(Int(instant * 1000)) + .seconds(70))
        #expect(world.connector()?.contactor == .open)
        world.run(.seconds(900))
        world.settle()
        #expect(world.violations.isEmpty, "\(world.report())")
    }
}
