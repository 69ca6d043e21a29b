import BusSchema
import CentralSystem
import ChargerWorld
import GatewayCore
import OCPP
import Primitives
import Testing

/// Something goes wrong at every single write of a session: the process dies before it, or right after it and before all that follows; the
/// power goes; the disk is full.
@Suite struct CrashTests {
    static let scenarios = [Scenario.standard, .offline, .locked, .two]

    /// Every write of the session, numbered.
    static func everyWrite(of scenario: Scenario, _ body: (Int) -> Void) {
        let world = World(scenario.settings)
        for (time, plan) in scenario.plans { world.plan(plan, at: time) }
        world.run(scenario.length)
        let writes = world.writes(of: .gateway)
        #expect(writes > 8)
        for number in 1...writes { body(number) }
    }

    @Test(arguments: scenarios, [false, true])
    func theGatewayMayDieAtEveryWrite(_ scenario: Scenario, isWritten: Bool) {
        Self.everyWrite(of: scenario) { number in
            let world = scenario.play(briefly: true) { $0.add(PersistFault(.kill(isWritten: isWritten), at: number)) }
            #expect(world.violations.isEmpty, "write \(number): \(world.report())")
        }
    }

    // Shows: CORE-TX-27
    @Test(arguments: scenarios, [false, true])
    func thePowerMayGoAtEveryWrite(_ scenario: Scenario, isWritten: Bool) {
        Self.everyWrite(of: scenario) { number in
            let fault = PersistFault(.powerCut(isWritten: isWritten, lasting: .seconds(30)), at: number)
            let world = scenario.play(briefly: true) { $0.add(fault) }
            #expect(world.violations.isEmpty, "write \(number): \(world.report())")
        }
    }

    @Test(arguments: scenarios)
    func transactionsMaySurviveAPowerCutAtEveryWrite(_ scenario: Scenario) {
        var scenario = scenario
        scenario.settings.powerLoss = .resume
        Self.everyWrite(of: scenario) { number in
            let fault = PersistFault(.powerCut(isWritten: true, lasting: .seconds(30)), at: number)
            let world = scenario.play(briefly: true) { $0.add(fault) }
            #expect(world.violations.isEmpty, "write \(number): \(world.report())")
        }
    }

    @Test(arguments: scenarios, [1, 4])
    func theDiskMayBeFullAtEveryWrite(_ scenario: Scenario, writes: Int) {
        Self.everyWrite(of: scenario) { number in
            let world = scenario.play(briefly: true) { $0.add(PersistFault(.diskFull(writes: writes), at: number)) }
            #expect(world.violations.isEmpty, "write \(number): \(world.report())")
        }
    }

    // Shows: CORE-TX-36
    @Test func aTransactionInAPowerCutEndsWithPowerLoss() {
        let world = Scenario.standard.play { $0.plan(.cutPower(.seconds(20)), at: .seconds(110)) }
        #expect(world.violations.isEmpty, "\(world.report())")
        let transaction = world.ledger.transactions.first
        #expect(transaction?.stop?.reason == .powerLoss)
        // Stored with each sample, so nearly all of the 60 s are billed.
        #expect((transaction?.energyWh ?? 0) > 60)
    }

    @Test func aTransactionMayGoOnAfterAPowerCut() {
        var scenario = Scenario.standard
        scenario.settings.powerLoss = .resume
        let world = scenario.play { $0.plan(.cutPower(.seconds(20)), at: .seconds(80)) }
        #expect(world.violations.isEmpty, "\(world.report())")
        #expect(world.ledger.transactions.first?.stop?.reason != .powerLoss)
        #expect((world.ledger.transactions.first?.energyWh ?? 0) > 75)
    }
}
