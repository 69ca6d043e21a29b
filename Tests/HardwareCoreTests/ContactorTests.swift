import BusSchema
import HardwareCore
import Primitives
import Testing

@Suite struct ContactorTests {
    private func callsItSilent(_ effects: [HardwareEffect]) -> Bool {
        effects.faults.contains { $0.code == .powerSwitchFailure }
    }

    /// Nobody was asked while it slept, and whoever is there answers now.
    @Test func aProcessThatSleptHearsTheMirrorContactBeforeItCallsItSilent() {
        var bench = Bench.idle()
        let awake = bench.now.advanced(by: .seconds(40))
        #expect(!callsItSilent(bench.machine.deadlineReached(at: awake)))
        var silent = bench.machine
        let due = awake.advanced(by: .seconds(5))
        #expect(callsItSilent(silent.deadlineReached(at: due)))
        let answer = DriverEvent.contactorFeedback(connectorId: 1, closed: false)
        #expect(!callsItSilent(bench.machine.handle(.driver(answer), at: awake.advanced(by: .seconds(1)))))
        #expect(!callsItSilent(bench.machine.deadlineReached(at: due)))
    }

    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)

    @Test func aStartOrdersTheContactorOpenAndThePilotSteadyBeforeAnythingElse() {
        var bench = Bench()
        let effects = bench.handle(.started)
        #expect(effects.first == .command(open))
        #expect(effects.orders == [open, .setPilot(connectorId: 1, .x1)])
    }

    @Test func nothingIsPublishedBeforeThePilotWasRead() {
        var bench = Bench()
        let before = bench.handle(.started) + bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        #expect(before.connector == nil)
        let after = bench.pilot(12_000)
        #expect(after.connector?.pilot == .a)
        #expect(after.connector?.bootId == "boot-1")
        #expect(after.connector?.permit == nil)
    }

    @Test func permitAndAskingVehicleTogetherCloseIt() {
        var bench = Bench.idle()
        let plugged = bench.pilot(9000)
        #expect(!plugged.orders.contains(close))
        let granted = bench.permit(16_000)
        #expect(granted.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 266))])
        let asked = bench.pilot(6000, low: -12_000)
        #expect(asked.orders == [close])
        #expect(asked.connector?.contactor == .closing)
        let closed = bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(closed.connector?.contactor == .closed)
        #expect(closed.connector?.notChargingBecause == nil)
    }

    @Test func aVehicleThatAsksWithoutPermitGetsNothingButAReason() {
        var bench = Bench.idle()
        let effects = bench.pilot(6000)
        #expect(effects.orders.isEmpty)
        #expect(effects.connector?.notChargingBecause == "there is no permit")
    }

    @Test(arguments: [9000, 12_000, 0, -12_000, 14_000])
    func whenTheVehicleStopsAskingOpeningIsTheFirstEffectOfThatReading(millivolts: Int) {
        var bench = Bench.charging()
        let low = millivolts > 1000 ? -12_000 : millivolts
        let reading = DriverEvent.pilotRead(connectorId: 1, highMillivolts: millivolts, lowMillivolts: low)
        let first = bench.driver(reading)
        #expect(first.isEmpty)
        let second = bench.driver(reading)
        #expect(second.first == .command(open))
        let publications = second.filter { if case .publish = $0 { true } else { false } }
        #expect(!publications.isEmpty)
    }

    @Test func stateDChargesOnlyWhereThereIsVentilation() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.permit(16_000)
        let closedRoom = bench.pilot(3000)
        #expect(!closedRoom.orders.contains(close))
        #expect(closedRoom.connector?.notChargingBecause?.contains("ventilation") == true)

        var ventilated = Bench.fixedCable
        ventilated.ventilated = true
        var airy = Bench.idle([ventilated])
        airy.pilot(9000)
        airy.permit(16_000)
        let asked = airy.pilot(3000)
        #expect(asked.orders.contains(close))
    }

    @Test func aContactorThatStaysClosedIsWeldedAndLatches() {
        var bench = Bench.charging()
        bench.pilot(9000, low: -12_000)
        let welded = bench.wait(.milliseconds(500))
        #expect(welded.first == .command(open))
        #expect(welded.connector?.contactor == .welded)
        #expect(welded.faults.map(\.code) == [.powerSwitchFailure])
        let stillClosed = bench.clear(.powerSwitchFailure)
        #expect(stillClosed.refusal?.code == .refused)

        let fell = bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        #expect(fell.connector?.contactor == .open)
        #expect(fell.connector?.faults == [.powerSwitchFailure])
        let asked = bench.pilot(6000, low: -12_000)
        #expect(!asked.orders.contains(close))

        let cleared = bench.clear(.powerSwitchFailure)
        #expect(cleared.replies == [.done])
        #expect(cleared.connector?.faults == [])
    }

    @Test func aContactorThatClosesWithoutAnOrderIsAFaultAtOnce() {
        var bench = Bench.idle()
        let effects = bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(effects.first == .command(open))
        #expect(effects.connector?.contactor == .welded)
        #expect(effects.faults.map(\.detail) == ["contactor closed without an order"])
    }

    @Test func aContactorThatDropsOutIsAFault() {
        var bench = Bench.charging()
        let effects = bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        #expect(effects.first == .command(open))
        #expect(effects.connector?.faults == [.powerSwitchFailure])
        #expect(effects.connector?.contactor == .open)
        #expect(effects.connector?.notChargingBecause == "PowerSwitchFailure: contactor opened without an order")
    }

    @Test func aContactorThatDoesNotCloseIsOpenedAgainAndLatches() {
        var bench = Bench.idle()
        bench.pilot(9000)
        bench.permit(16_000)
        bench.pilot(6000)
        let early = bench.wait(.milliseconds(999))
        #expect(early.faults.isEmpty)
        let late = bench.wait(.milliseconds(1))
        #expect(late.first == .command(open))
        #expect(late.connector?.faults == [.powerSwitchFailure])
        let later = bench.wait(.seconds(30), pilotHigh: 6000)
        #expect(!later.orders.contains(close))
    }

    @Test func aContactorStillFallingAtTheStartIsGivenItsTime() {
        var bench = Bench()
        bench.handle(.started)
        let closed = bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(closed.faults.isEmpty)
        let fell = bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        #expect(fell.faults.isEmpty)
        let later = bench.wait(.seconds(2))
        #expect(later.faults.isEmpty)
    }

    @Test func aContactorWeldedBeforeTheStartIsFound() {
        var bench = Bench()
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        let effects = bench.wait(.milliseconds(500))
        #expect(effects.connector?.contactor == .welded)
    }

    @Test func twoClosingsAreFiveSecondsApart() {
        var bench = Bench.charging()
        bench.wait(.seconds(1), pilotHigh: 6000)
        bench.pilot(9000, low: -12_000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        let tooSoon = bench.pilot(6000, low: -12_000)
        #expect(!tooSoon.orders.contains(close))
        #expect(tooSoon.connector?.notChargingBecause?.contains("rests") == true)
        let notYet = bench.wait(.milliseconds(3999), pilotHigh: 6000)
        #expect(!notYet.orders.contains(close))
        let rested = bench.wait(.milliseconds(1), pilotHigh: 6000)
        #expect(rested.orders.contains(close))
    }

    @Test func aWishThatEndsDuringTheRestClosesNothing() {
        var bench = Bench.charging()
        bench.pilot(9000, low: -12_000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.pilot(6000, low: -12_000)
        bench.pilot(9000, low: -12_000)
        let effects = bench.wait(.seconds(10), pilotHigh: 9000)
        #expect(!effects.orders.contains(close))
    }

    @Test func aSilentPilotSensorOpensWithinThreeSeconds() {
        var bench = Bench.charging()
        bench.silent = [.pilot]
        let early = bench.wait(.milliseconds(2999))
        #expect(!early.orders.contains(open))
        let late = bench.wait(.milliseconds(1))
        #expect(late.first == .command(open))
        #expect(late.connector?.faults == [.internalError])
        #expect(late.connector?.pilot == nil)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        let back = bench.pilot(6000, low: -12_000)
        #expect(back.connector?.faults == [])
    }

    @Test func aLostPilotControllerOpensAtOnceAndIsToldItsSignalAgainWhenItIsBack() {
        var bench = Bench.charging()
        let lost = bench.driver(.deviceLost(.pilot(connectorId: 1), reason: "no answer"))
        #expect(lost.first == .command(open))
        #expect(lost.orders.contains(.setPilot(connectorId: 1, .x1)))
        #expect(lost.connector?.faults == [.internalError])
        let back = bench.driver(.deviceRecovered(.pilot(connectorId: 1)))
        #expect(back.orders == [.setPilot(connectorId: 1, .x1)])
        #expect(back.connector?.faults == [])
    }

    @Test func aLostContactorDriverIsToldToOpenAndIsNoWeldedContactor() {
        var bench = Bench.charging()
        bench.silent = [.mirror]
        let lost = bench.driver(.deviceLost(.contactor(connectorId: 1), reason: "no answer"))
        #expect(lost.first == .command(open))
        #expect(lost.connector?.faults == [.internalError])
        bench.wait(.seconds(1), pilotHigh: 6000)
        let back = bench.driver(.deviceRecovered(.contactor(connectorId: 1)))
        #expect(back.first == .command(open))
        let read = bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        #expect(read.connector?.contactor == .open)
        #expect(read.connector?.faults == [])
    }

    @Test func aContactorThatIsClosedAfterItsDriverCameBackIsWelded() {
        var bench = Bench.charging()
        bench.driver(.deviceLost(.contactor(connectorId: 1), reason: "no answer"))
        bench.driver(.deviceRecovered(.contactor(connectorId: 1)))
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        let effects = bench.wait(.milliseconds(500), pilotHigh: 6000)
        #expect(effects.connector?.contactor == .welded)
    }

    @Test func terminationOpensFirstAndFinishesOnceItIsOpen() {
        var bench = Bench.charging()
        let ending = bench.handle(.terminationRequested)
        #expect(ending.first == .command(open))
        #expect(ending.orders == [open, .setPilot(connectorId: 1, .f)])
        #expect(!ending.contains(.finish))
        let opened = bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        #expect(opened.last == .finish)
        #expect(bench.machine.nextDeadline == nil)
        let twice = bench.handle(.terminationRequested)
        #expect(twice.isEmpty)
    }

    /// A hard Reset (OCPP 1.6 §5.14): answered at once, and done in the safe state.
    @Test func aRestartOpensFirstAndStartsAnewOnceItIsOpen() {
        var bench = Bench.charging()
        let asked = bench.handle(.restartRequested(RequestID(1), RestartHardware(reason: "Reset")))
        #expect(asked.first == .command(open))
        #expect(asked.contains(.reply(RequestID(1), .done)))
        #expect(!asked.contains(.restart))
        let opened = bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        #expect(opened.last == .restart)
        #expect(bench.machine.nextDeadline == nil)
    }

    @Test func whoIsAskedToEndDoesNotStartAnew() {
        var bench = Bench.charging()
        bench.handle(.restartRequested(RequestID(1), RestartHardware(reason: "Reset")))
        bench.handle(.terminationRequested)
        #expect(bench.driver(.contactorFeedback(connectorId: 1, closed: false)).last == .finish)
        var other = Bench.charging()
        other.handle(.terminationRequested)
        let late = other.handle(.restartRequested(RequestID(1), RestartHardware(reason: "Reset")))
        #expect(late.contains(.reply(RequestID(1), .done)))
        #expect(other.driver(.contactorFeedback(connectorId: 1, closed: false)).last == .finish)
    }

    @Test func terminationDoesNotWaitForAWeldedContactor() {
        var bench = Bench.charging()
        bench.handle(.terminationRequested)
        let effects = bench.wait(.milliseconds(500))
        #expect(effects.contains(.finish))
    }

    @Test func anEndingServiceGrantsNothing() {
        var bench = Bench.charging()
        bench.handle(.terminationRequested)
        let effects = bench.permit(16_000)
        #expect(effects.refusal?.code == .refused)
    }
}
