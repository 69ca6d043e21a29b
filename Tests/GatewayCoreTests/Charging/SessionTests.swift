import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

@Suite struct SessionTests {
    // Shows: CORE-BOOT-15
    @Test func afterRegistrationEveryStatusIsReported() {
        let bench = ChargingBench()
        bench.goOnline()
        #expect(bench.lines == ["Status 0 Available", "Status 1 Available"])
    }

    // Shows: CORE-AUTH-02, CORE-AUTH-04, CORE-TX-02, CORE-TX-11, CORE-TX-12, CORE-STAT-30
    /// TC_003: plug-in first.
    @Test func cableFirstThenCard() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        bench.plug()
        bench.swipe("CARD")
        let began = bench.moment.utc
        bench.run(seconds: 5)
        bench.swipe("CARD")
        let ended = bench.moment.utc
        bench.run(seconds: 3)
        bench.unplug()
        #expect(
            bench.lines == [
                "Status 1 Preparing", "Authorize CARD", "Status 1 Charging", "Start 1 CARD 1000",
                "Status 1 Finishing", "Stop #1 Local CARD 1010", "Status 1 Available",
            ]
        )
        #expect(bench.central.starts.map(\.request.timestamp) == [began])
        #expect(bench.central.stops.map(\.request.timestamp) == [ended])
    }

    // Shows: CORE-TX-01, CORE-STAT-30
    /// TC_004_1: identification first.
    @Test func cardFirstThenCable() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        #expect(bench.lines == ["Authorize CARD", "Status 1 Preparing"])
        bench.plug()
        #expect(bench.lines.suffix(2) == ["Status 1 Charging", "Start 1 CARD 1000"])
    }

    // Shows: CORE-STAT-19, CORE-STAT-30
    /// TC_004_2: identification first, no cable.
    @Test func cardWithoutCableTimesOutToAvailable() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        bench.swipe("CARD")
        bench.run(seconds: 59)
        #expect(bench.lines == ["Authorize CARD", "Status 1 Preparing"])
        bench.run(seconds: 1)
        #expect(bench.lines.last == "Status 1 Available")
        bench.plug()
        bench.run(seconds: 2)
        #expect(bench.central.starts.isEmpty)
    }

    // Shows: CORE-STAT-20, CORE-STAT-30
    /// E §3.20, B6.
    @Test func cableWithoutCardTimesOutToFinishing() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.plug()
        bench.run(seconds: 60)
        #expect(bench.lines.last == "Status 1 Finishing")
        bench.unplug()
        #expect(bench.lines.last == "Status 1 Available")
    }

    /// F2: the user who was too slow presents the card after all.
    @Test func aCardInFinishingStartsAgain() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.plug()
        bench.run(seconds: 61)
        bench.central.forgetLines()
        bench.swipe("CARD")
        bench.run(seconds: 1)
        #expect(bench.lines == ["Authorize CARD", "Status 1 Preparing", "Status 1 Charging", "Start 1 CARD 1000"])
    }

    // Shows: CORE-AUTH-07, CORE-AUTH-34
    /// B1.
    @Test func aSecondPresentationBeforeTheCableCancels() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        bench.swipe("CARD")
        bench.swipe("card")
        #expect(bench.lines == ["Authorize CARD", "Status 1 Preparing", "Status 1 Available"])
        bench.plug()
        #expect(bench.central.starts.isEmpty)
    }

    // Shows: CORE-AUTH-01, CORE-AUTH-11, CORE-AUTH-13
    /// TC_023.
    @Test(arguments: [AuthorizationStatus.invalid, .blocked, .expired, .concurrentTx])
    func anIdentifierThatIsNotAcceptedStartsNothing(status: AuthorizationStatus) {
        let bench = ChargingBench()
        bench.central.authorizeInfo = { _ in IdTagInfo(status: status) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 20)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.permits.isEmpty)
        // That a card was read is indicated by hardware-io, which saw it; from here it would be a second time.
        #expect(bench.indications == ["1 rejected"])
        #expect(bench.rejections == [status.rawValue])
    }

    // Shows: CORE-AUTH-19
    /// OCPP 1.6 §4.1: online without an answer is not offline.
    @Test(arguments: [CallOutcome.timedOut, .refused(CallError(code: .internalError))])
    func noAnswerToAuthorizeIsARefusal(outcome: CallOutcome) {
        let bench = ChargingBench()
        bench.central.interfere = { if case .authorize = $0 { outcome } else { nil } }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 5)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.permits.isEmpty)
    }

    // Shows: CORE-AUTH-13
    @Test func aConnectionLostDuringAuthorizeBringsTheOfflineRules() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.plug()
        bench.holdsAnswers = true
        bench.swipe("CARD")
        #expect(bench.permits.isEmpty)
        bench.goOffline()
        #expect(bench.permits.count == 1)
    }

    // Shows: CORE-TX-16, CORE-STAT-16
    /// TC_005_2.
    @Test func unpluggingTheEVStops() {
        let bench = ChargingBench.charging()
        bench.unplug()
        bench.run(seconds: 2)
        #expect(
            bench.lines == [
                "Status 1 Finishing (EV side disconnected)", "Status 1 Available", "Stop #1 EVDisconnected 1006",
            ]
        )
    }

    /// The EV leaves before the register has settled: one Finishing, not two (certification counts statuses).
    @Test func unpluggingRightAfterTheCardSaysFinishingOnce() {
        let bench = ChargingBench.charging()
        bench.meterReports = false
        bench.swipe("CARD")
        bench.unplug()
        bench.meterReports = true
        bench.run(seconds: 2)
        let statuses = bench.lines.filter { $0.hasPrefix("Status") }
        #expect(statuses == ["Status 1 Finishing", "Status 1 Available"])
    }

    // Shows: CORE-STAT-16
    /// The cable stays in the socket until its lock has opened; that is still the same Finishing.
    @Test func aLockedCableAfterTheEVLeftSaysFinishingOnce() {
        let bench = ChargingBench.charging(hasLock: true, keys: [.unlockConnectorOnEVSideDisconnect: "false"])
        bench.unplug()
        bench.run(seconds: 5)
        let statuses = bench.lines.filter { $0.hasPrefix("Status") }
        #expect(statuses == ["Status 1 Finishing (EV side disconnected)"])
    }

    // Shows: CORE-TX-18, CORE-STAT-17
    /// TC_005_3.
    @Test func unpluggingTheEVMayKeepTheTransaction() {
        let bench = ChargingBench.charging(keys: [.stopTransactionOnEVSideDisconnect: "false"])
        bench.unplug()
        bench.run(seconds: 5)
        #expect(bench.lines == ["Status 1 SuspendedEV (EV side disconnected)"])
        bench.plug()
        bench.run(seconds: 1)
        #expect(bench.lines.last == "Status 1 Charging")
        let (answer, effects) = bench.machine.remoteStop(.init(transactionId: 1), at: bench.moment)
        bench.perform(effects)
        bench.run(seconds: 2)
        #expect(answer.status == .accepted)
        #expect(bench.lines.suffix(2) == ["Status 1 Finishing", "Stop #1 Remote 1008"])
    }

    // Shows: CORE-AUTH-05
    /// TC_068.
    @Test func aForeignCardIsIgnored() {
        let bench = ChargingBench.charging()
        bench.swipe("OTHER")
        bench.run(seconds: 1)
        #expect(bench.lines.isEmpty)
        #expect(bench.indications.last == "1 rejected")
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.lines == ["Status 1 Finishing", "Stop #1 Local CARD 1008"])
    }

    // Shows: CORE-AUTH-05, CORE-TX-12
    /// TC_069.
    @Test func aCardOfTheSameParentStops() {
        let bench = ChargingBench()
        bench.central.authorizeInfo = { _ in IdTagInfo(parentIdTag: "FAMILY", status: .accepted) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 3)
        bench.central.forgetLines()
        bench.swipe("SPOUSE")
        bench.run(seconds: 2)
        #expect(bench.lines == ["Authorize SPOUSE", "Status 1 Finishing", "Stop #1 Local SPOUSE 1006"])
    }

    // Shows: CORE-AUTH-05, CORE-AUTH-07
    @Test func theParentMayComeWithStartTransaction() {
        let bench = ChargingBench()
        bench.central.authorizeInfo = { tag in
            tag == "SPOUSE" ? IdTagInfo(parentIdTag: "family", status: .accepted) : IdTagInfo(status: .accepted)
        }
        bench.central.startInfo = { _ in IdTagInfo(parentIdTag: "FAMILY", status: .accepted) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 3)
        bench.swipe("SPOUSE")
        bench.run(seconds: 2)
        #expect(bench.lines.last == "Stop #1 Local SPOUSE 1006")
    }

    // Shows: CORE-AUTH-05
    /// OCPP 1.6 §3.10: who belongs to no group, though a central system writes an empty name for it, is a stranger to everybody.
    @Test(arguments: ["", "  "] as [IdToken]) func aParentOfBlanksMakesNoGroup(parent: IdToken) {
        for comesWithStart in [false, true] {
            let bench = ChargingBench()
            let info = IdTagInfo(parentIdTag: parent, status: .accepted)
            bench.central.authorizeInfo = { _ in info }
            bench.central.startInfo = { _ in comesWithStart ? info : IdTagInfo(status: .accepted) }
            bench.goOnline()
            bench.plug()
            bench.swipe("CARD")
            bench.run(seconds: 3)
            bench.central.forgetLines()
            bench.swipe("STRANGER")
            bench.run(seconds: 2)
            #expect(bench.central.stops.isEmpty)
            // Nobody needs to be asked about a card that can mean nothing here.
            #expect(bench.lines.isEmpty)
            #expect(bench.indications.last == "1 rejected")
        }
    }

    /// The answer to StartTransaction has no group for the identifier, Authorize had one.
    @Test func aParentOfBlanksIsNoNewsOfAGroup() {
        let bench = ChargingBench()
        bench.central.authorizeInfo = { _ in IdTagInfo(parentIdTag: "FAMILY", status: .accepted) }
        bench.central.startInfo = { _ in IdTagInfo(parentIdTag: "", status: .accepted) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 3)
        bench.restart()
        bench.goOnline()
        bench.swipe("SPOUSE")
        bench.run(seconds: 2)
        #expect(bench.lines.last == "Stop #1 Local SPOUSE 1006")
    }

    // Shows: CORE-AUTH-05
    @Test func aCardOfAnotherParentDoesNotStop() {
        let bench = ChargingBench()
        bench.central.authorizeInfo = { tag in
            IdTagInfo(parentIdTag: tag == "CARD" ? "FAMILY" : "STRANGERS", status: .accepted)
        }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 3)
        bench.swipe("OTHER")
        bench.run(seconds: 2)
        #expect(bench.central.stops.isEmpty)
        #expect(bench.indications.last == "1 rejected")
    }

    // Shows: CORE-STAT-06
    @Test func suspendedEVAndBack() {
        let bench = ChargingBench.charging()
        bench.change { $0.pilot = .b }
        bench.change { $0.pilot = .c }
        #expect(bench.lines == ["Status 1 SuspendedEV", "Status 1 Charging"])
    }

    @Test func anEVThatIsNotReadyIsReportedAfterItsChance() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.plug(ready: false)
        bench.swipe("CARD")
        bench.central.forgetLines()
        bench.run(seconds: 4)
        #expect(bench.lines.isEmpty)
        bench.run(seconds: 2)
        #expect(bench.lines == ["Status 1 SuspendedEV"])
    }

    // Shows: CORE-TX-25
    @Test func twoConnectorsChargeAtOnceAndKeepOneOrder() {
        let bench = ChargingBench(connectors: 2)
        bench.goOnline()
        bench.plug(1)
        bench.swipe("ONE", at: [1, 2])
        bench.run(seconds: 2)
        bench.plug(2)
        bench.swipe("TWO", at: [1, 2])
        bench.run(seconds: 2)
        bench.swipe("ONE", at: [1, 2])
        bench.run(seconds: 2)
        bench.swipe("TWO", at: [1, 2])
        bench.run(seconds: 2)
        let transactions = bench.lines.filter { $0.hasPrefix("St") && !$0.hasPrefix("Status") }
        #expect(
            transactions == [
                "Start 1 ONE 1000", "Start 2 TWO 1000", "Stop #1 Local ONE 1008", "Stop #2 Local TWO 1008",
            ]
        )
    }

    /// TC_006: one reader, card first; the person chooses the connector with the cable.
    @Test func aCardFollowsItsCableToTheOtherConnector() {
        let bench = ChargingBench(connectors: 2)
        bench.goOnline()
        bench.swipe("CARD", at: [1, 2])
        bench.plug(2)
        bench.run(seconds: 1)
        #expect(bench.central.starts.map(\.request.connectorId) == [2])
        #expect(bench.status(1)?.status == "Available")
    }

    /// E §3.20: never on a foreign cable.
    @Test func aSharedReaderDoesNotStartOnACableThatTimedOut() {
        let bench = ChargingBench(connectors: 2)
        bench.goOnline()
        bench.plug(1)
        bench.run(seconds: 61)
        bench.swipe("CARD", at: [1, 2])
        bench.run(seconds: 1)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.status(2)?.status == "Preparing")
    }
}
