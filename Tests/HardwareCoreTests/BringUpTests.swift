import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// Tests of single parts by whoever puts a charger into operation: nobody may be harmed by them.
@Suite struct BringUpTests {
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)

    /// An outlet with everything, nobody there, its contactor rested.
    private func bench(_ cable: ConnectorConfiguration.Cable = .fixed) -> Bench {
        var connector = cable == .fixed ? Bench.fixedCable : Bench.socket
        connector.equipment = .init(testsResidualCurrent: true, hasIndicator: true)
        var bench = Bench.idle([connector])
        bench.wait(.seconds(10))
        return bench
    }

    private func test(_ part: TestHardware.Part, _ bench: inout Bench, live: Bool? = true) -> [HardwareEffect] {
        bench.handle(.testRequested(RequestID(900), TestHardware(connectorId: 1, part: part, live: live)))
    }

    private func report(_ effects: [HardwareEffect]) -> TestHardware.Reply? {
        effects.replies.lazy.compactMap { if case .test(let reply) = $0 { reply } else { nil } }.first
    }

    @Test func theContactorClosesForHalfASecondAndSaysHowFastItWas() {
        var bench = bench()
        var effects = test(.relay, &bench)
        #expect(effects.orders.contains(close))
        bench.now = bench.now.advanced(by: .milliseconds(40))
        effects = bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(!effects.orders.contains(open))
        effects = bench.wait(.milliseconds(499))
        #expect(!effects.orders.contains(open))
        effects = bench.wait(.milliseconds(1))
        #expect(effects.orders.contains(open))
        bench.now = bench.now.advanced(by: .milliseconds(30))
        let reply = report(bench.opened())
        #expect(reply?.passed == true)
        #expect(reply?.findings == ["closed, seen 40 ms after the order", "open, seen 30 ms after the order"])
        #expect(!bench.wait(.seconds(30)).orders.contains(close))
    }

    /// A process that slept hears what became of its order before it judges, and says when that was.
    @Test(arguments: [2500, 6000])
    func aSleepInATestOfTheContactorIsNotItsFault(milliseconds: Int64) {
        var bench = bench()
        bench.silent = [.mirror]
        let ordered = bench.now.uptime
        _ = test(.relay, &bench)
        bench.now = bench.now.advanced(by: .milliseconds(milliseconds))
        let closed = DriverEvent.contactorFeedback(connectorId: 1, closed: true)
        var effects = bench.handle(.driver(closed, takenAt: ordered + .milliseconds(40)))
        #expect(report(effects) == nil)
        effects = bench.wait(.zero)
        #expect(effects.orders.contains(open))
        bench.now = bench.now.advanced(by: .milliseconds(30))
        let reply = report(bench.opened())
        #expect(reply?.findings == ["closed, seen 40 ms after the order", "open, seen 30 ms after the order"])
        #expect(reply?.passed == true)
        #expect(bench.machine.faults(on: 1).isEmpty)
    }

    /// By one reading, which is not yet enough to say what came.
    @Test(arguments: [9000, 6000, 0, -12_000])
    func anEVThatComesOpensTheContactorAtOnce(millivolts: Int) {
        var bench = bench()
        _ = test(.relay, &bench)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        let effects = bench.reading(millivolts, low: millivolts)
        #expect(effects.first == .command(open))
        #expect(report(effects)?.passed == false)
    }

    @Test func aPermitALossOfThePilotAndTheEndOpenTheContactorAtOnce() {
        let events: [(inout Bench) -> [HardwareEffect]] = [
            { $0.permit(16_000) }, { $0.driver(.deviceLost(.pilot(connectorId: 1), reason: "no answer")) },
            { $0.handle(.terminationRequested) },
            { $0.driver(.faultReported(connectorId: 1, code: .emergencyStop, present: true, detail: "pressed")) },
        ]
        for event in events {
            var bench = bench()
            _ = test(.relay, &bench)
            bench.driver(.contactorFeedback(connectorId: 1, closed: true))
            #expect(event(&bench).orders.contains(open))
            bench.opened()
            #expect(!bench.wait(.seconds(30)).orders.contains(close))
        }
    }

    @Test func aContactorThatDoesNotCloseOrOpenFailsAndIsLatched() {
        var bench = bench()
        _ = test(.relay, &bench)
        let reply = report(bench.wait(.seconds(4)))
        let finding = "contactor did not close within 1000 ms"
        #expect(reply == TestHardware.Reply(passed: false, findings: [finding]))
        #expect(bench.machine.faults(on: 1) == [.powerSwitchFailure])
        var welded = self.bench()
        _ = test(.relay, &welded)
        welded.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(report(welded.wait(.seconds(4)))?.passed == false)
        #expect(welded.machine.faults(on: 1) == [.powerSwitchFailure])
    }

    @Test func nothingIsTestedWhereSomebodyMayBe() {
        var unknown = Bench()
        unknown.handle(.started)
        unknown.driver(.contactorFeedback(connectorId: 1, closed: false))
        var plugged = bench()
        plugged.pilot(9000)
        var permitted = bench()
        permitted.permit(16_000)
        for bench in [unknown, plugged, permitted] {
            for part in [TestHardware.Part.relay, .meter] {
                var bench = bench
                let effects = test(part, &bench)
                #expect(effects.refusal?.code == .refused)
                #expect(effects.orders.isEmpty)
            }
        }
    }

    @Test func theRelayTakesMore() {
        var unaware = bench()
        #expect(test(.relay, &unaware, live: nil).refusal?.code == .refused)
        var plug = bench(.socket(lock: true))
        plug.proximity(680)
        #expect(test(.relay, &plug).refusal?.message == "a plug is in the socket")
        var resting = bench()
        _ = test(.relay, &resting)
        resting.driver(.contactorFeedback(connectorId: 1, closed: true))
        resting.wait(.milliseconds(500))
        resting.opened()
        let again = test(.relay, &resting)
        #expect(again.refusal?.code == .refused)
        #expect(!again.orders.contains(close))
    }

    @Test func oneTestAtATime() {
        var bench = bench()
        _ = test(.led, &bench)
        #expect(test(.relay, &bench).refusal?.code == .busy)
        #expect(report(bench.wait(.seconds(4)))?.passed == true)
        #expect(test(.meter, &bench).refusal == nil)
    }

    @Test func theLightsShowEverythingAndThenWhatIs() {
        var bench = bench()
        let effects = test(.led, &bench) + bench.wait(.seconds(4))
        let looks = effects.orders.compactMap { if case .show(_, let look) = $0 { look } else { nil } }
        #expect(Set(looks) == Set(IndicatorLook.allCases))
        #expect(looks.last == .available)
    }

    @Test func theLockLocksAndLetsGo() {
        var bench = bench(.socket(lock: true))
        #expect(test(.lock, &bench).orders.contains(.lock(connectorId: 1)))
        #expect(bench.driver(.lockFeedback(connectorId: 1, locked: true)).orders.contains(.unlock(connectorId: 1)))
        let reply = report(bench.driver(.lockFeedback(connectorId: 1, locked: false)))
        #expect(reply?.passed == true)
        var stuck = self.bench(.socket(lock: true))
        _ = test(.lock, &stuck)
        #expect(report(stuck.wait(.seconds(4)))?.findings == ["it did not lock"])
    }

    @Test func thePilotCarriesASignalThatIsMeasured() {
        var bench = bench()
        #expect(test(.pilot, &bench).orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 266))])
        let effects = bench.reading(12_000, low: -12_000)
        #expect(report(effects)?.passed == true)
        #expect(effects.orders.contains(.setPilot(connectorId: 1, .x1)))
        var dead = self.bench()
        _ = test(.pilot, &dead)
        dead.silent = [.pilot]
        _ = dead.reading(12_000, low: 12_000)
        #expect(report(dead.wait(.seconds(2)))?.findings.first == "read 12000 mV and 12000 mV")
    }

    @Test func theResidualCurrentDeviceTripsOrNot() {
        for passes in [true, false] {
            var bench = bench()
            #expect(test(.rcd, &bench).orders.contains(.testResidualCurrent(connectorId: 1)))
            bench.driver(.faultReported(connectorId: 1, code: .groundFailure, present: true, detail: "tripped"))
            let reply = report(bench.driver(.residualCurrentTested(connectorId: 1, passed: passes)))
            #expect(reply?.passed == passes)
        }
    }

    /// It would say nothing of the device, and block charging for a minute.
    @Test func aResidualCurrentDeviceThatIsLostOrHasTrippedIsNotTested() {
        let rcd = Device.residualCurrent(connectorId: 1)
        var lost = bench()
        lost.driver(.deviceLost(rcd, reason: "it recovers"))
        var effects = test(.rcd, &lost)
        #expect(effects.refusal == BusError(.refused, "\(rcd) lost: it recovers"))
        #expect(effects.orders.isEmpty)
        lost.driver(.deviceRecovered(rcd))
        #expect(lost.machine.faults(on: 1) == [])
        #expect(test(.rcd, &lost).refusal == nil)
        var tripped = bench()
        tripped.driver(.faultReported(connectorId: 1, code: .groundFailure, present: true, detail: "it has tripped"))
        effects = test(.rcd, &tripped)
        #expect(effects.refusal?.message == "it has tripped")
        tripped.driver(.faultReported(connectorId: 1, code: .groundFailure, present: false, detail: ""))
        #expect(tripped.machine.faults(on: 1) == [])
    }

    @Test func aResidualCurrentDeviceThatIsLostInItsTestHasNotPassed() {
        var bench = bench()
        _ = test(.rcd, &bench)
        let effects = bench.driver(.deviceLost(.residualCurrent(connectorId: 1), reason: "gone"))
        #expect(report(effects)?.passed == false)
    }

    @Test func theMeterSaysWhatItReads() {
        var bench = bench()
        let reply = report(test(.meter, &bench) + bench.wait(.seconds(1)))
        #expect(reply?.passed == true)
        #expect(reply?.findings.first?.hasPrefix("register 1000 Wh; power 0 W; voltages 230") == true)
        bench.silent = [.meter]
        _ = test(.meter, &bench)
        let failed = report(bench.driver(.meterFailed(connectorId: 1, reason: "no answer")))
        #expect(failed == TestHardware.Reply(passed: false, findings: ["the meter was not read: no answer"]))
    }

    @Test func whatIsNotThereIsNotTested() {
        var bench = Bench.idle()
        for part in [TestHardware.Part.lock, .rcd, .led, TestHardware.Part(rawValue: "engine")] {
            #expect(test(part, &bench).refusal?.code == .invalid)
        }
    }
}
