import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

@Suite struct OfflineTests {
    private func transactions(_ bench: ChargingBench) -> [String] {
        bench.lines.filter { !$0.hasPrefix("Status") }
    }

    // Shows: CORE-TX-23, CORE-TX-24, CORE-MV-40, CORE-TX-35
    /// TC_036.
    @Test func aLostConnectionKeepsEveryMeterValueInOrder() {
        let bench = ChargingBench.charging()
        bench.goOffline()
        bench.run(seconds: 70)
        bench.goOnline(registered: false)
        #expect(bench.lines == ["Meter 1 #1 1040", "Meter 1 #1 1080", "Meter 1 #1 1120"])
        let times = bench.central.meterValues.map(\.request.meterValue.first.timestamp.millisecondsSinceEpoch)
        #expect(zip(times, times.dropFirst()).map { $1 - $0 } == [20_000, 20_000])
        bench.run(seconds: 10)
        #expect(bench.lines.last == "Meter 1 #1 1160")
    }

    // Shows: CORE-AUTH-15, CORE-AUTH-17, CORE-AUTH-18, CORE-STAT-13, CORE-STAT-26, CORE-TX-35, J-CON-12
    /// TC_037_1: any card charges offline with the factory defaults; no stale status afterwards.
    @Test func aTransactionBegunOfflineIsReportedLater() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.goOffline()
        bench.central.forgetLines()
        bench.plug()
        bench.swipe("CARD")
        let began = bench.moment.utc
        bench.run(seconds: 10)
        #expect(bench.hardware[1]?.isClosed == true)
        bench.goOnline(registered: false)
        #expect(bench.lines == ["Status 1 Charging", "Start 1 CARD 1000"])
        #expect(bench.central.starts.first?.request.timestamp == began)
    }

    // Shows: CORE-AUTH-15, CORE-AUTH-17
    @Test func anUnknownCardIsRefusedOfflineWhenTheKeySaysSo() {
        let bench = ChargingBench(keys: [.allowOfflineTxForUnknownId: "false", .localAuthorizeOffline: "true"])
        bench.plug()
        bench.swipe("CARD")
        #expect(bench.permits.isEmpty)
        #expect(bench.indications.last == "1 rejected")
        #expect(bench.rejections == ["the central system is not connected"])
    }

    // Shows: CORE-TX-07, CORE-STAT-07
    /// TC_037_2.
    @Test func anInvalidIdMayOnlyLoseItsEnergy() {
        let bench = ChargingBench(keys: [.stopTransactionOnInvalidId: "false"])
        bench.central.startInfo = { _ in IdTagInfo(status: .invalid) }
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        bench.goOnline()
        bench.run(seconds: 2)
        #expect(bench.hardware[1]?.isClosed == false)
        #expect(bench.lines.last == "Status 1 SuspendedEVSE (identifier not accepted)")
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.lines.suffix(2) == ["Status 1 Finishing", "Stop #1 Local CARD 1020"])
    }

    /// The verdict outlives the program: a restart must not close the contactor, not even for a moment.
    @Test func anInvalidIdGetsNoPermitAfterARestart() {
        let bench = ChargingBench(keys: [.stopTransactionOnInvalidId: "false"])
        bench.central.startInfo = { _ in IdTagInfo(status: .invalid) }
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        bench.goOnline()
        bench.run(seconds: 2)
        let before = bench.permits.count
        bench.restart()
        bench.run(seconds: 30)
        #expect(!bench.permits.dropFirst(before).contains { $0.granted })
        #expect(bench.status()?.status == "SuspendedEVSE")
    }

    // Shows: CORE-TX-05, CORE-TX-34, CORE-AUTH-18
    /// TC_037_3.
    @Test func anInvalidIdStopsWithItsRealTransactionId() {
        let bench = ChargingBench()
        bench.central.startInfo = { _ in IdTagInfo(status: .blocked) }
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        bench.goOnline()
        bench.run(seconds: 2)
        #expect(bench.lines.suffix(2) == ["Status 1 Finishing", "Stop #1 DeAuthorized 1020"])
    }

    // Shows: CORE-TX-08, CORE-TX-09
    /// OCPP 1.6 §9.1.14.
    @Test func anAllowanceLetsTheEVLeave() {
        let bench = ChargingBench(keys: [.maxEnergyOnInvalidId: "10"])
        bench.central.startInfo = { _ in IdTagInfo(status: .invalid) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 4)
        #expect(bench.central.stops.isEmpty)
        bench.run(seconds: 4)
        #expect(bench.central.stops.map(\.request.reason) == [.deAuthorized])
        #expect(bench.central.stops.first?.request.meterStop == 1010)
    }

    // Shows: CORE-TX-24, CORE-TX-35
    /// TC_038.
    @Test func aStopWhileOfflineIsReportedWithItsTime() {
        let bench = ChargingBench.charging()
        bench.goOffline()
        bench.swipe("CARD")
        let stopped = bench.moment.utc
        bench.run(seconds: 15)
        bench.goOnline(registered: false)
        #expect(bench.lines == ["Status 1 Finishing", "Stop #1 Local CARD 1006"])
        #expect(bench.central.stops.first?.request.timestamp == stopped)
    }

    // Shows: CORE-TX-23, CORE-TX-34, CORE-BOOT-23
    /// TC_039.
    @Test func aWholeTransactionOffline() {
        let bench = ChargingBench()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 30)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        bench.unplug()
        bench.goOnline()
        #expect(
            bench.lines == [
                "Status 0 Available", "Status 1 Available", "Start 1 CARD 1000", "Meter 1 #1 1040",
                "Stop #1 Local CARD 1060",
            ]
        )
    }

    // Shows: CORE-TX-23, CORE-TX-40
    @Test func manyTransactionsOfflineKeepTheirOrderAndIds() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0"])
        for _ in 0..<20 {
            bench.plug()
            bench.swipe("CARD")
            bench.run(seconds: 2)
            bench.unplug()
            bench.run(seconds: 6)
        }
        bench.goOnline()
        #expect(bench.central.starts.count == 20)
        #expect(bench.central.stops.map(\.request.transactionId) == Array(1...20))
        let registers = bench.central.starts.map(\.request.meterStart)
        #expect(zip(registers, bench.central.stops.map(\.request.meterStop)).allSatisfy { $0 < $1 })
        #expect(Array(registers.dropFirst()) == bench.central.stops.dropLast().map(\.request.meterStop))
    }

    /// A stop is written when the register is final, seconds after its time; what began elsewhere meanwhile does not move it.
    @Test func theTimeOfAStopIsNotAlteredByWhatHappensOnAnotherConnector() throws {
        let bench = ChargingBench(connectors: 2, keys: [.meterValueSampleInterval: "0"])
        bench.plug(1)
        bench.swipe("ONE")
        bench.run(seconds: 30)
        bench.meterReports = false
        // So that the newest reading is from before the end.
        bench.skip(.milliseconds(500))
        let decided = bench.moment.utc
        bench.swipe("ONE")
        bench.run(seconds: 5)
        bench.plug(2)
        bench.swipe("TWO", at: [2])
        bench.run(seconds: 2)
        bench.meterReports = true
        bench.run(seconds: 10)
        bench.goOnline()
        #expect(bench.central.starts.map(\.request.idTag) == ["ONE", "TWO"])
        #expect(try #require(bench.central.starts.last).request.timestamp > decided)
        #expect(bench.central.stops.map(\.request.timestamp) == [decided])
    }

    /// The group is learned when the transaction is long over (OCPP 1.6 §6.46), and still is whose cable it is, after a restart too.
    @Test(arguments: [false, true]) func aKeptCableLearnsItsGroupFromALateAnswerToStartTransaction(restarts: Bool) {
        let bench = ChargingBench(
            hasLock: true,
            keys: [.unlockConnectorOnEVSideDisconnect: "false", .allowOfflineTxForUnknownId: "true"]
        )
        let group = IdTagInfo(parentIdTag: "FAMILY", status: .accepted)
        bench.central.startInfo = { _ in group }
        bench.central.authorizeInfo = { _ in group }
        bench.plug()
        bench.swipe("MOTHER")
        bench.run(seconds: 10)
        bench.unplug()
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.lock == .locked)
        bench.goOnline()
        bench.run(seconds: 2)
        if restarts {
            bench.restart()
            bench.goOnline()
        }
        bench.swipe("SON")
        bench.run(seconds: 2)
        #expect(bench.hardware[1]?.lock == .unlocked)
    }

    // Shows: CORE-STAT-13, CORE-STAT-26
    @Test func nothingChangedMeansNoStatusAfterAReconnect() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        bench.goOffline()
        bench.plug()
        bench.unplug()
        bench.goOnline(registered: false)
        #expect(bench.lines.isEmpty)
    }

    /// Somebody begins to charge, and nobody knows what time it is: the wall clock is wrong by 1 000 000 s.
    private func beginsWithoutTime() -> ChargingBench {
        let bench = ChargingBench(clockIsTrusted: false)
        bench.stepWallClock(by: .seconds(-1_000_000))
        bench.plug()
        bench.swipe("CARD")
        return bench
    }

    // Shows: CORE-BOOT-05, CORE-BOOT-19
    /// OCPP 1.6 §4.2.1.
    @Test func eventsBeforeTheClockIsKnownGetTheirTimeLater() {
        let bench = beginsWithoutTime()
        bench.run(seconds: 10)
        bench.feed(.clockSynchronised(offset: .seconds(1_000_000)))
        bench.goOnline()
        #expect(bench.central.starts.first?.request.timestamp == Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    }

    @Test func theClockOfAnEarlierBootIsRemembered() {
        let bench = beginsWithoutTime()
        bench.run(seconds: 2)
        bench.feed(.clockSynchronised(offset: .seconds(1_000_000)))
        bench.powerCycle()
        bench.feed(.clockSynchronised(offset: .seconds(1_000_000)))
        bench.goOnline()
        #expect(bench.central.starts.first?.request.timestamp == Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    }

    // Shows: CORE-AUTH-29
    /// OCPP 1.6 §5.4, §3.5: what was forgotten while its question waited has no word on it.
    @Test(arguments: [false, true]) func aCardThatWaitsIsHeldAgainstWhatTheCacheKnowsThen(isCleared: Bool) {
        let bench = ChargingBench(keys: [
            .authorizationCacheEnabled: "true", .localAuthorizeOffline: "true", .allowOfflineTxForUnknownId: "false",
        ])
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        bench.swipe("CARD")
        bench.run(seconds: 12)
        bench.unplug()
        bench.plug()
        bench.holdsAnswers = true
        bench.swipe("CARD")
        #expect(bench.heldCall?.request == .authorize(Authorize.Request(idTag: "CARD")))
        if isCleared { #expect(bench.clearCache() == .accepted) }
        bench.goOffline()
        #expect(bench.indications.last == (isCleared ? "1 rejected" : "1 accepted"))
        #expect(bench.machine.hasOpenTransaction == !isCleared)
    }
}
