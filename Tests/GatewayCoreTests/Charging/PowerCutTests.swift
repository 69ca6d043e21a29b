import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// Billing data survive anything: the process dies, or the power goes, before and after every single write.
@Suite struct PowerCutTests {
    /// What happens to the charger until somebody looks at the books.
    enum Death: CaseIterable, Sendable {
        case process, power
    }

    /// A session as a script of steps, so that it can be cut anywhere.
    private func play(_ bench: ChargingBench, online: Bool) {
        if online { bench.goOnline() }
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 50)
        bench.swipe("CARD")
        bench.run(seconds: 12)
        bench.unplug()
        bench.run(seconds: 5)
        if !online { bench.goOnline() }
        bench.run(seconds: 5)
    }

    private func writes(online: Bool, keys: [OCPPKeyName: String]) -> Int {
        let bench = ChargingBench(keys: keys)
        play(bench, online: online)
        return bench.writes
    }

    // Shows: CORE-TX-27, CORE-TX-47
    /// A cut of the power before each write: exactly one Start and one Stop, or nothing at all and no energy.
    @Test(arguments: Death.allCases, [true, false])
    func everyCutLeavesOneStartAndOneStop(death: Death, online: Bool) {
        let keys: [OCPPKeyName: String] = [.stopTxnSampledData: "Energy.Active.Import.Register"]
        let total = writes(online: online, keys: keys)
        #expect(total >= 6)
        for cut in 0...total {
            let bench = ChargingBench(keys: keys)
            bench.writesUntilPowerCut = cut
            play(bench, online: online)
            let permitted = bench.permits.contains(where: \.granted)
            let began = bench.journal.contains { if case .began = $0 { true } else { false } }
            #expect(began || !permitted, "energy without a record, cut \(cut)")
            switch death {
            case .process: bench.restart()
            case .power: bench.powerCycle()
            }
            bench.goOnline()
            bench.run(seconds: 30)
            bench.unplug()
            bench.run(seconds: 15)
            let expected = began ? 1 : 0
            #expect(bench.central.starts.count == expected, "starts, cut \(cut)")
            #expect(bench.central.stops.count == expected, "stops, cut \(cut)")
            #expect(bench.central.stops.allSatisfy { $0.request.transactionId == 1 }, "id, cut \(cut)")
            for (start, stop) in zip(bench.central.starts, bench.central.stops) {
                #expect(stop.request.meterStop >= start.request.meterStart)
                #expect(stop.request.timestamp >= start.request.timestamp)
                let reported = bench.central.meterValues.compactMap {
                    Int($0.request.meterValue.first.sampledValue.first.value)
                }
                #expect(reported.allSatisfy { $0 <= stop.request.meterStop }, "register, cut \(cut)")
            }
            #expect(bench.machine.undelivered == 0, "queue, cut \(cut)")
            #expect(!bench.machine.hasOpenTransaction)
            #expect(bench.hardware[1]?.permit == nil || death == .process)
        }
    }

    // Shows: CORE-TX-36
    /// TC_032_2. What flowed after the last stored register is billed too: none flowed since the power came back.
    @Test func powerLossStopsWithTheRegisterReadAfterIt() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 25)
        let sampled = bench.central.meterValues.last?.request.meterValue.first.timestamp
        bench.powerCycle()
        bench.central.forgetLines()
        bench.goOnline()
        // That the sample was delivered is forgotten in the power cut, without harm: it comes again under its id.
        let lines = bench.lines
        #expect(lines == ["Status 0 Available", "Status 1 Finishing", "Meter 1 #1 1040", "Stop #1 PowerLoss 1056"])
        #expect(bench.central.stops.first?.request.timestamp == sampled)
        bench.unplug()
        #expect(bench.lines.last == "Status 1 Available")
    }

    // Shows: CORE-TX-36
    @Test func aMeterThatCannotBeReadAfterAPowerLossLeavesTheLastStoredRegister() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 25)
        bench.hardware[1]?.meterWorks = false
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 59)
        #expect(bench.central.stops.isEmpty)
        bench.run(seconds: 2)
        #expect(bench.central.stops.map(\.request.meterStop) == [1040])
        #expect(bench.logs.contains { $0.message.contains("could not be read after a power cut") })
    }

    @Test func powerLossMayResume() {
        let bench = ChargingBench.charging(powerLoss: .resume)
        bench.run(seconds: 25)
        bench.powerCycle()
        bench.central.forgetLines()
        bench.goOnline()
        bench.run(seconds: 25)
        #expect(bench.hardware[1]?.isClosed == true)
        let lines = bench.lines
        #expect(lines == ["Status 0 Available", "Status 1 Charging", "Meter 1 #1 1040", "Meter 1 #1 1096"])
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.lines.last == "Stop #1 Local CARD 1106")
        #expect(bench.central.starts.count == 1)
    }

    // Shows: CORE-RST-11
    /// OCPP 1.6 §7.36: who was asked to end before the machine went off was shut down, which is no loss of power.
    @Test func aShutdownIsAReboot() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 25)
        bench.feed(.terminationRequested)
        bench.sync()
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 12)
        #expect(bench.central.stops.map(\.request.reason) == [.reboot])
        #expect(bench.central.stops.map(\.request.meterStop) == [1056])
    }

    /// The connection may take a while to close, and a sample or a register may be due meanwhile.
    @Test(arguments: [16, 58]) func nothingIsStoredOfATransactionBehindTheFarewell(seconds: Int) {
        let bench = ChargingBench.charging()
        bench.run(seconds: seconds)
        bench.feed(.terminationRequested)
        bench.run(seconds: 5)
        bench.sync()
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 12)
        #expect(bench.central.stops.map(\.request.reason) == [.reboot])
    }

    /// The program alone was replaced; what came then was a power cut.
    @Test(arguments: [0, 30]) func aPowerCutAfterARestartOfTheProgramIsAPowerLoss(seconds: Int) {
        let bench = ChargingBench.charging()
        bench.run(seconds: 25)
        bench.feed(.terminationRequested)
        bench.sync()
        bench.restart()
        bench.goOnline(registered: false)
        bench.run(seconds: seconds)
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 12)
        #expect(bench.central.stops.map(\.request.reason) == [.powerLoss])
    }

    /// A farewell that the compaction of the journal put into a checkpoint.
    @Test func aFarewellSurvivesTheCompactionOfTheJournal() throws {
        var ledger = TransactionLedger()
        for record in ChargingBench.charging().journal { ledger.read(record) }
        let uuid = try #require(ledger.open[1]?.began.transaction)
        let time = try #require(ledger.open[1]?.registerTime)
        let read = RegisterRead(transaction: uuid, energyWh: 1010, time: time, isFarewell: true)
        ledger.read(.registerRead(read))
        var next = TransactionLedger()
        next.read(JournalCompaction(ledger).checkpoint)
        #expect(next.open[1]?.saidFarewell == true)
        next.read(.registerRead(RegisterRead(transaction: uuid, energyWh: 1010, time: time)))
        #expect(next.open[1]?.saidFarewell == nil)
    }

    @Test func aResetOfTheWatchdogIsAReboot() {
        let bench = ChargingBench.charging()
        bench.configuration.bootedByWatchdog = true
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 12)
        #expect(bench.central.stops.map(\.request.reason) == [.reboot])
    }

    @Test(arguments: [(60, true), (600, false)]) func aTransactionIsResumedAfterAShortOutageOnly(
        outage: Int,
        goesOn: Bool
    ) {
        let bench = ChargingBench.charging(powerLoss: .resume)
        bench.configuration.maximumOutage = .seconds(300)
        bench.run(seconds: 25)
        bench.powerCycle(after: .seconds(outage))
        bench.goOnline()
        bench.run(seconds: 25)
        #expect(bench.machine.hasOpenTransaction == goesOn)
        #expect(bench.central.stops.map(\.request.reason) == (goesOn ? [] : [.powerLoss]))
    }

    /// Without samples the newest message may be hours old; the register on disk tells how long it really was off.
    @Test func theOutageOfATransactionWithoutSamplesIsCountedFromItsRegister() {
        let bench = ChargingBench.charging(powerLoss: .resume, keys: [.meterValueSampleInterval: "0"])
        bench.configuration.maximumOutage = .seconds(300)
        bench.run(seconds: 400)
        bench.sync()
        bench.powerCycle(after: .seconds(60))
        bench.goOnline()
        bench.run(seconds: 25)
        #expect(bench.central.stops.isEmpty)
    }

    /// How long it was off cannot be told, so that it may have been for days.
    @Test func withoutATimeNothingIsResumedThatHasALimit() {
        let bench = ChargingBench.charging(powerLoss: .resume)
        bench.configuration.maximumOutage = .seconds(300)
        bench.configuration.clockIsTrusted = false
        bench.powerCycle(after: .seconds(60))
        bench.goOnline()
        bench.run(seconds: 25)
        #expect(bench.central.stops.map(\.request.reason) == [.powerLoss])
    }

    @Test func aResumedTransactionWhoseEVLeftStops() {
        let bench = ChargingBench.charging(powerLoss: .resume)
        bench.powerCycle(unplugged: true)
        bench.goOnline()
        bench.run(seconds: 12)
        #expect(bench.central.stops.map(\.request.reason) == [.evDisconnected])
    }

    /// The contactor stays closed on its lease while the gateway is being replaced.
    @Test func aRestartOfTheProgramGoesUnnoticed() {
        let bench = ChargingBench.charging()
        bench.restart()
        bench.goOnline(registered: false)
        bench.run(seconds: 15)
        #expect(bench.lines == ["Status 0 Available", "Status 1 Charging", "Meter 1 #1 1036"])
        #expect(bench.hardware[1]?.isClosed == true)
        #expect(bench.permits.last?.transaction == bench.status()?.transaction?.uuid)
    }

    @Test func theSamplingGridSurvivesARestart() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 25)
        bench.restart()
        bench.goOnline(registered: false)
        bench.run(seconds: 40)
        let times = bench.central.meterValues.map(\.request.meterValue.first.timestamp.millisecondsSinceEpoch)
        #expect(zip(times, times.dropFirst()).map { $1 - $0 } == [20_000, 20_000])
    }

    /// The uptime of a boot begins anew, so that the begin of the transaction says nothing about where the grid goes on.
    @Test func theSamplingGridOfAResumedTransactionSurvivesARestart() {
        let bench = ChargingBench.charging(powerLoss: .resume)
        bench.run(seconds: 200)
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 25)
        bench.restart()
        let before = bench.central.meterValues.count
        bench.goOnline(registered: false)
        bench.run(seconds: 40)
        #expect(bench.central.meterValues.count == before + 2)
    }

    @Test func anEVThatLeftWhileTheProgramWasDownStops() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 5)
        bench.hardware[1]?.pilot = .a
        bench.restart()
        bench.goOnline(registered: false)
        bench.run(seconds: 12)
        #expect(bench.lines.last == "Stop #1 EVDisconnected 1016")
        #expect(bench.status()?.status == "Available")
    }

    @Test func terminationKeepsTheTransactionAndItsLease() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 7)
        bench.feed(.terminationRequested)
        #expect(bench.journal.contains { if case .stopping = $0 { true } else { false } } == false)
        let lease = (bench.moment.uptime + .seconds(60)).wholeMilliseconds
        #expect(bench.hardware[1]?.permit?.validUntilUptime == lease)
    }

    // MARK: - A disk that refuses

    // Shows: CORE-TX-27
    @Test func withoutARecordThereIsNoEnergy() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.plug()
        bench.persistFails = true
        bench.swipe("CARD")
        bench.run(seconds: 10)
        #expect(bench.central.starts.isEmpty)
        #expect(bench.permits.allSatisfy { !$0.granted })
        #expect(bench.indications.last == "1 rejected")
        #expect(bench.machine.queue?.storageFault == "disk full")
        bench.persistFails = false
        bench.run(seconds: 6)
        bench.swipe("CARD")
        bench.run(seconds: 3)
        #expect(bench.central.starts.count == 1)
        #expect(bench.machine.queue?.storageFault == nil)
    }

    @Test func aStopThatCannotBeStoredStillCutsTheEnergyAndIsTriedAgain() {
        let bench = ChargingBench.charging()
        bench.persistFails = true
        bench.swipe("CARD")
        bench.run(seconds: 30)
        #expect(bench.hardware[1]?.isClosed == false)
        #expect(bench.central.stops.isEmpty)
        bench.persistFails = false
        bench.run(seconds: 10)
        #expect(bench.central.stops.map(\.request.meterStop) == [1006])
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 5)
        #expect(bench.central.stops.count == 1)
        #expect(bench.machine.undelivered == 0)
    }

    @Test func aFailingDiskNeverSendsWhatItDoesNotHold() {
        let bench = ChargingBench.charging()
        bench.persistFails = true
        bench.run(seconds: 60)
        #expect(bench.central.meterValues.isEmpty)
        bench.persistFails = false
        bench.run(seconds: 40)
        #expect(bench.central.meterValues.count == 2)
    }

    /// A full disk is made room on as soon as something was delivered.
    @Test func aFullDiskIsCleared() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 50)
        bench.persistFails = true
        bench.run(seconds: 21)
        bench.persistFails = false
        bench.run(seconds: 6)
        #expect(bench.compactions == 1)
        #expect(bench.machine.queue?.storageFault == nil)
        bench.restart()
        bench.goOnline()
        bench.swipe("CARD")
        bench.run(seconds: 3)
        #expect(bench.central.starts.count == 1)
        #expect(bench.central.stops.map(\.request.transactionId) == [1])
    }

    /// Samples at such intervals are not forced to the disk one by one; with a meter that is dead after the cut, the last register on the disk
    /// is billed.
    @Test(arguments: 1...12) func noReportedValueIsAboveMeterStopWhenThePowerGoesBetweenTwoSyncs(seconds: Int) throws {
        let bench = ChargingBench.charging(keys: [.meterValueSampleInterval: "1"])
        bench.run(seconds: 20 + seconds)
        bench.hardware[1]?.meterWorks = false
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 70)
        let stop = try #require(bench.central.stops.first?.request)
        let reported = bench.central.meterValues.compactMap {
            Int($0.request.meterValue.first.sampledValue.first.value)
        }
        #expect(reported.count >= 15)
        #expect(reported.allSatisfy { $0 <= stop.meterStop })
    }

    /// The newest sample waits for the disk no longer than others did.
    @Test func samplesThatNothingElseForcesToTheDiskAreSentWithinSeconds() {
        let bench = ChargingBench.charging(keys: [.meterValueSampleInterval: "1"])
        bench.run(seconds: 14)
        bench.set(.meterValueSampleInterval, "0")
        #expect(bench.machine.undelivered > 0)
        let before = bench.journal
        bench.run(seconds: 6)
        #expect(bench.machine.undelivered == 0)
        // Nothing is written for it.
        #expect(bench.journal.starts(with: before))
        #expect(bench.journal.dropFirst(before.count).allSatisfy { if case .delivered = $0 { true } else { false } })
    }

    /// Until the disk is tried again nothing is forced to it, and the machine does not order the same for ever.
    @Test func aDiskThatFailsToForceSamplesIsTriedAgain() {
        let bench = ChargingBench.charging(keys: [.meterValueSampleInterval: "1"])
        bench.run(seconds: 14)
        bench.set(.meterValueSampleInterval, "0")
        #expect(bench.machine.undelivered > 0)
        bench.persistFails = true
        bench.run(seconds: 20)
        bench.persistFails = false
        bench.run(seconds: 20)
        #expect(bench.machine.undelivered == 0)
        #expect(bench.machine.queue?.storageFault == nil)
    }
}
