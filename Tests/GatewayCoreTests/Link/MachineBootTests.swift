import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// A Hard Reset where the site has the machine boot (OCPP 1.6 §5.14, §7.42).
@Suite struct MachineBootTests {
    @Test func aHardResetBootsTheMachineAndTheConnectionStaysUntilTheProgramIsAskedToEnd() throws {
        var bench = try GatewayBench(hardResetBootsMachine: true)
        bench.register()
        let asked = bench.ask(.reset(Reset.Request(type: .hard)))
        #expect(asked.answers == [.reset(.init(status: .accepted))])
        #expect(!asked.contains(.bootMachine))
        let after = bench.advance(.seconds(1))
        #expect(after.contains(.bootMachine))
        #expect(!after.contains(.restartHardware))
        #expect(!after.contains(.closeLink(dial: 1)))
        // The next process has to know until the machine has booted.
        #expect(after.saved(ResetDocument.self) == nil)
        #expect(bench.feed(.terminationRequested).contains(.closeLink(dial: 1)))
        #expect(bench.feed(.link(.closed(dial: 1, reason: "closed"))).last == .exit)
    }

    @Test func aSoftResetDoesNot() throws {
        var bench = try GatewayBench(hardResetBootsMachine: true)
        bench.register()
        bench.ask(.reset(Reset.Request(type: .soft)))
        #expect(!bench.advance(.seconds(1)).contains(.bootMachine))
        #expect(bench.feed(.link(.closed(dial: 1, reason: "closed"))).last == .restart)
    }

    /// OCPP 1.6 §9.1.22, §7.6. Nobody does what the file asks for, or there is nobody to ask.
    @Test(arguments: [true, false]) func aMachineThatDoesNotBootIsAskedAgainAndThenToldOf(fails: Bool) throws {
        var bench = try GatewayBench(defaults: ["ResetRetries": "2"], hardResetBootsMachine: true)
        bench.register()
        var asked = 0
        bench.ask(.reset(Reset.Request(type: .hard)))
        for _ in 0..<120 {
            bench.feed(.link(.received))
            let effects = bench.advance(.seconds(1))
            guard effects.contains(.bootMachine) else { continue }
            asked += 1
            if fails { bench.feed(.machineBootFailed(reason: "no space")) }
        }
        #expect(asked == 3)
        #expect(!bench.machine.resetting.isUnderWay)
        #expect(bench.logged.contains("the reset failed"))
        let told = bench.calls.compactMap { call -> StatusNotification.Request? in
            guard case .statusNotification(let request) = call.request else { return nil }
            return request
        }
        #expect(told.first?.errorCode == .resetFailure)
    }

    /// The boot that was asked for is the end of the reset; the same boot, of a process that died in between, is not.
    @Test func theNextBootIsTheEndOfIt() throws {
        var bench = try GatewayBench(hardResetBootsMachine: true)
        bench.register()
        let saved = try #require(bench.ask(.reset(Reset.Request(type: .hard))).saved(ResetDocument.self))
        var documents = Documents()
        documents[ResetDocument.self] = saved
        var resumed = try GatewayBench(hardResetBootsMachine: true, documents: documents)
        resumed.start()
        #expect(resumed.feed(.saved(document: ResetDocument.name)).contains(.bootMachine))
        documents[ResetDocument.self]?.underWay?.boot = "another"
        var booted = try GatewayBench(hardResetBootsMachine: true, documents: documents)
        let started = booted.start()
        #expect(!started.contains(.bootMachine))
        #expect(started.saved(ResetDocument.self) == ResetDocument(underWay: nil))
    }
}
