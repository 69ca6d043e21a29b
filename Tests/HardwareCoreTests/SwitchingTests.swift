import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// The contactor and its mirror contact when something is broken, and how often it may close.
@Suite struct SwitchingTests {
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)
    private let unlock = DriverCommand.unlock(connectorId: 1)

    /// An EV in state C under a permit; the contactor is ordered to close and has not followed yet.
    private func closing(_ connector: ConnectorConfiguration = Bench.fixedCable) -> Bench {
        var bench = Bench.idle([connector])
        bench.pilot(9000)
        bench.permit(16_000)
        bench.pilot(6000)
        return bench
    }

    /// The same in a locked socket, closed.
    private func chargingInSocket() -> Bench {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        bench.permit(16_000)
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        bench.pilot(6000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        return bench
    }

    @Test func nothingClosesBeforeTheRestAfterAStart() {
        var bench = Bench()
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.wait(.seconds(1))
        bench.pilot(9000)
        bench.permit(16_000)
        let asked = bench.pilot(6000)
        #expect(!asked.orders.contains(close))
        let early = bench.wait(.milliseconds(3999))
        #expect(!early.orders.contains(close))
        let rested = bench.wait(.milliseconds(1))
        #expect(rested.orders == [close])
    }

    @Test func aPermitWithdrawnWhileItClosesCancelsTheClosing() {
        var bench = closing()
        let effects = bench.withdraw()
        #expect(effects.first == .command(open))
        bench.opened()
        let later = bench.wait(.seconds(30), pilotHigh: 6000)
        #expect(!later.orders.contains(close))
    }

    @Test func aLimitThatCannotBeOfferedCancelsTheClosingToo() {
        var bench = closing()
        let effects = bench.permit(5999)
        #expect(effects.first == .command(open))
    }

    @Test func aMirrorContactThatIsNeverReadIsAFault() {
        var bench = Bench()
        bench.handle(.started)
        bench.pilot(12_000)
        let early = bench.wait(.milliseconds(4999))
        #expect(early.faults.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.faults.map(\.code) == [.powerSwitchFailure])
        let read = bench.opened()
        #expect(read.faults.map(\.present) == [false])
    }

    @Test func aMirrorContactThatFallsSilentOpensAfterThirtySeconds() {
        var bench = Bench.charging()
        bench.silent = [.mirror]
        bench.permit(16_000, leaseSeconds: 600)
        let early = bench.wait(.milliseconds(29_999))
        #expect(early.orders.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.commands.first == open)
        #expect(late.connector?.faults == [.powerSwitchFailure])
    }

    @Test func aMirrorContactThatBreaksNeverUnlocksTheCable() {
        var bench = chargingInSocket()
        // The wire of the mirror contact breaks: it reads open, and nobody knows what the contactor does.
        bench.opened()
        bench.withdraw()
        let asked = bench.unlock()
        let waited = bench.wait(.seconds(60), pilotHigh: 9000)
        #expect(!(asked + waited).orders.contains(unlock))
        #expect(waited.replies == [.unlock(Unlock.Reply(outcome: .failed))])
        let cleared = bench.clear(.powerSwitchFailure)
        #expect(cleared.orders == [unlock])
    }

    @Test func aContactorThatNeverConfirmedItsClosingKeepsTheCableToo() {
        var bench = Bench.idle([Bench.socket])
        bench.proximity(220)
        bench.pilot(9000)
        bench.permit(16_000)
        bench.driver(.lockFeedback(connectorId: 1, locked: true))
        bench.pilot(6000)
        bench.wait(.seconds(1))
        bench.withdraw()
        let effects = bench.unlock() + bench.wait(.seconds(60))
        #expect(!effects.orders.contains(unlock))
    }

    @Test func aWeldedContactorThatOpensAfterAllFreesTheCable() {
        var bench = chargingInSocket()
        bench.withdraw()
        bench.pilot(9000)
        bench.wait(.seconds(1))
        let refused = bench.unlock()
        #expect(refused.refusal?.message == "the contactor is welded: the cable is live")
        bench.opened()
        let effects = bench.unlock()
        #expect(effects.orders == [unlock])
    }

    @Test func closingsWithinAnHourAreLimited() {
        var connector = Bench.fixedCable
        connector.closingsPerHour = 3
        var bench = Bench.idle([connector])
        bench.pilot(9000)
        let firstAt = bench.now.uptime
        for _ in 0..<3 {
            bench.permit(16_000, leaseSeconds: 3600)
            let asked = bench.pilot(6000)
            #expect(asked.orders.contains(close))
            bench.driver(.contactorFeedback(connectorId: 1, closed: true))
            bench.pilot(9000)
            bench.opened()
            bench.wait(.seconds(10))
        }
        let fourth = bench.pilot(6000)
        #expect(!fourth.orders.contains(close))
        #expect(
            fourth.connector?.notChargingBecause == "the contactor closed 3 times within an hour and rests for 60 min"
        )
        let remaining = firstAt + .seconds(3600) - bench.now.uptime
        bench.permit(16_000, leaseSeconds: 3600)
        let early = bench.wait(remaining - .milliseconds(1))
        #expect(!early.orders.contains(close))
        let late = bench.wait(.milliseconds(1))
        #expect(late.orders == [close])
    }

    @Test func theRestAfterAClearDoesNotShortenTheHour() {
        var connector = Bench.fixedCable
        connector.closingsPerHour = 1
        var bench = Bench.idle([connector])
        bench.pilot(9000)
        bench.permit(16_000, leaseSeconds: 3600)
        #expect(bench.pilot(6000).orders.contains(close))
        let closedAt = bench.now.uptime
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        bench.pilot(9000)
        bench.opened()
        bench.clear(.internalError)
        let early = bench.pilot(6000) + bench.wait(closedAt + .milliseconds(3_599_999) - bench.now.uptime)
        #expect(!early.orders.contains(close))
        bench.permit(16_000, leaseSeconds: 3600)
        #expect(bench.wait(.milliseconds(1)).orders == [close])
    }

    /// The process had no time: what the mirror contact said meanwhile still waits to be heard.
    @Test func aLateWakeUpJudgesNoContactorBeforeItHasHeardIt() {
        var bench = closing()
        func late() -> [HardwareEffect] {
            bench.now = bench.now.advanced(by: .milliseconds(1500))
            return bench.machine.deadlineReached(at: bench.now)
        }
        #expect(late().faults.isEmpty)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        bench.withdraw()
        #expect(bench.pilot(9000).orders.contains(open))
        #expect(late().faults.isEmpty)
        #expect(bench.opened().connector?.contactor == .open)
    }

    @Test func aContactorThatDidNotFollowIsFoundAfterALateWakeUpToo() {
        var bench = Bench.charging()
        bench.withdraw()
        bench.pilot(9000)
        bench.now = bench.now.advanced(by: .milliseconds(1500))
        #expect(bench.machine.deadlineReached(at: bench.now).faults.isEmpty)
        bench.now = bench.now.advanced(by: .milliseconds(1500))
        #expect(bench.machine.deadlineReached(at: bench.now).faults.map(\.code) == [.powerSwitchFailure])
    }

    @Test func clearingAContactorThatFailedClosesOnlyAfterARest() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.opened()
        bench.wait(.seconds(20))
        let cleared = bench.clear(.powerSwitchFailure)
        #expect(cleared.replies == [.done])
        #expect(!cleared.orders.contains(close))
        let early = bench.wait(.milliseconds(4999))
        #expect(!early.orders.contains(close))
        let late = bench.wait(.milliseconds(1))
        #expect(late.orders == [close])
    }

    @Test func clearingAnyOtherFaultClosesOnlyAfterARest() {
        var bench = Bench.charging(leaseSeconds: 600)
        let fault = { DriverEvent.faultReported(connectorId: 1, code: .groundFailure, present: $0, detail: "sensor") }
        bench.driver(fault(true))
        bench.opened()
        bench.driver(fault(false))
        bench.wait(.seconds(20))
        let cleared = bench.clear(.groundFailure)
        #expect(cleared.replies == [.done])
        let early = bench.wait(.milliseconds(4999))
        #expect(!(cleared + early).orders.contains(close))
        let late = bench.wait(.milliseconds(1))
        #expect(late.orders == [close])
    }

    @Test func currentThroughAnOpenContactorIsAFaultAtTheSecondSample() {
        var bench = Bench.idle()
        let sample = DriverEvent.meterRead(connectorId: 1, Bench.sample(energyWh: 1000, milliamps: 1001))
        let first = bench.driver(sample)
        #expect(first.faults.isEmpty)
        let effects = bench.driver(sample)
        #expect(effects.first == .command(open))
        #expect(effects.connector?.contactor == .welded)
        #expect(effects.connector?.openSinceUptime == nil)
        #expect(effects.faults.map(\.detail) == ["1.0 A flow through the open contactor"])
    }

    @Test func whatAMeterMayRoundIsNoCurrentThroughAnOpenContactor() {
        var bench = Bench.idle()
        let effects = bench.wait(
            .seconds(60),
            answeringMeter: Bench.sample(energyWh: 1000, milliamps: 1000)
        )
        #expect(effects.faults.isEmpty)
    }

    @Test func oneSampleWithCurrentThroughAnOpenContactorIsNoFault() {
        var bench = Bench.idle()
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000, milliamps: 16_000)))
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        let effects = bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000, milliamps: 16_000)))
        #expect(effects.faults.isEmpty)
    }

    @Test func theLastCurrentOfAChargeIsNoCurrentThroughAnOpenContactor() {
        var bench = Bench.charging()
        bench.meterShows(Bench.sample(energyWh: 1000, milliamps: 16_000))
        bench.pilot(9000)
        let opening = bench.opened() + bench.wait(.milliseconds(299))
        let ended = bench.wait(.seconds(20), answeringMeter: Bench.sample(energyWh: 1000))
        #expect((opening + ended).faults.isEmpty)
    }

    @Test func aContactorThatConductedStaysAFailureWhenTheCurrentEnds() {
        var bench = Bench.idle()
        bench.meterShows(Bench.sample(energyWh: 1000, milliamps: 16_000))
        bench.wait(.seconds(11))
        let ended = bench.wait(.seconds(3), answeringMeter: Bench.sample(energyWh: 1000))
        #expect(ended.connector?.contactor == .open)
        #expect(ended.connector?.faults == [.powerSwitchFailure])
        #expect(ended.connector?.openSinceUptime == nil)
    }

    @Test func currentWhileTheMirrorContactIsSilentIsFoundAndStaysAFailureWhenTheMirrorIsBack() {
        var bench = Bench.idle()
        bench.silent = [.mirror]
        bench.wait(.seconds(40))
        let flowing = bench.wait(.seconds(4), answeringMeter: Bench.sample(energyWh: 1000, milliamps: 16_000))
        #expect(flowing.connector?.contactor == .welded)
        bench.silent = []
        let back = bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(back.connector?.faults != [])
        #expect(bench.machine.faults(on: 1) == [.powerSwitchFailure])
        #expect(bench.memory?.outlets.first?.contactorFailure != nil)
    }

    @Test func whatStillFlowsJustAfterTheContactorWasLostIsNoFailureOfIt() {
        var bench = Bench.charging()
        bench.meterShows(Bench.sample(energyWh: 1000, milliamps: 16_000))
        bench.silent = [.mirror]
        bench.driver(.deviceLost(.contactor(connectorId: 1), reason: "no answer"))
        bench.wait(.milliseconds(799))
        let ended = bench.wait(.seconds(3), answeringMeter: Bench.sample(energyWh: 1000))
        #expect(!ended.faults.contains { $0.code == .powerSwitchFailure })
    }

    @Test func currentIsSeenWhileTheContactorIsAFailureAlready() {
        var bench = Bench.charging(leaseSeconds: 600)
        // Its mirror contact reads open, and it is not.
        bench.meterShows(Bench.sample(energyWh: 1000, milliamps: 16_000))
        bench.opened()
        let effects = bench.wait(.seconds(5))
        #expect(effects.connector?.contactor == .welded)
        let refused = bench.clear(.powerSwitchFailure)
        #expect(refused.refusal?.code == .refused)
    }

    @Test func aContactorIsNotClearedWhileTheNewestSampleShowsCurrent() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.opened()
        bench.wait(.seconds(2))
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000, milliamps: 3000)))
        let early = bench.clear(.powerSwitchFailure)
        #expect(early.refusal?.code == .refused)
        #expect(bench.machine.faults(on: 1) == [.powerSwitchFailure])
        bench.driver(.meterRead(connectorId: 1, Bench.sample(energyWh: 1000)))
        let late = bench.clear(.powerSwitchFailure)
        #expect(late.replies == [.done])
    }

    /// Whoever repairs a weld clears it at once, before the meter is asked again.
    @Test func theCurrentOfAWeldThatWasSeenToOpenHoldsUpNoClear() {
        var bench = Bench.charging(leaseSeconds: 600)
        bench.pilot(9000)
        bench.wait(.seconds(3), answeringMeter: Bench.sample(energyWh: 1000, milliamps: 16_000))
        bench.silent = [.meter]
        bench.opened()
        let cleared = bench.clear(.powerSwitchFailure)
        #expect(cleared.replies == [.done])
        #expect(bench.machine.faults(on: 1) == [])
    }

    @Test func aRegisterThatStandsStillHidesNoCurrentThroughAnOpenContactor() {
        var bench = Bench.charging(leaseSeconds: 3600)
        // Its register stands still, its current is alive, for so long that the meter counts as lost.
        bench.wait(.seconds(70), answeringMeter: Bench.sample(energyWh: 1000, milliamps: 16_000))
        #expect(bench.machine.faults(on: 1) == [.powerMeterFailure])
        bench.pilot(9000)
        bench.opened()
        let effects = bench.wait(.seconds(10))
        #expect(effects.connector?.contactor == .welded)
    }

    @Test func aTurnHasOneOrderWhateverCameFirst() {
        var turn = Turn(at: Moment(uptime: .seconds(1), utc: Timestamp(millisecondsSinceEpoch: 0)))
        let fault = HardwareFault(connectorId: 1, code: .internalError, present: true, detail: "")
        let record = LogRecord(.info, "a line")
        turn.finish()
        turn.log(record)
        turn.publish(fault)
        turn.reply(RequestID(1), .done)
        turn.store(HardwareMemory())
        turn.order(close)
        turn.order(open)
        #expect(
            turn.effects == [
                .command(open), .command(close), .store(HardwareMemory()), .reply(RequestID(1), .done),
                .publish(AnyBusMessage(fault)), .log(record), .finish,
            ]
        )
    }

    @Test func theOpeningsOfAllConnectorsComeBeforeAnythingElse() {
        let second = ConnectorConfiguration(connectorId: 2, ratedMilliamps: 32_000, phases: 1, cable: .fixed)
        var bench = Bench.idle([Bench.fixedCable, second])
        for id in 1...2 {
            bench.pilot(9000, connectorId: id)
            bench.permit(16_000, leaseSeconds: 10, connectorId: id)
            bench.pilot(6000, connectorId: id)
            bench.driver(.contactorFeedback(connectorId: id, closed: true))
        }
        bench.now = bench.now.advanced(by: .seconds(11))
        let effects = bench.machine.deadlineReached(at: bench.now)
        #expect(Array(effects.prefix(2)) == [.command(open), .command(.openContactor(connectorId: 2))])
        #expect(effects.count > 2)
    }
}
