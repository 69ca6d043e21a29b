import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

@Suite struct MeteringTests {
    private func everything(_ bench: ChargingBench) -> [MeterValues.Request] {
        bench.central.meterValues.map(\.request)
    }

    // Shows: CORE-MV-01, CORE-MV-03, CORE-MV-08, CORE-MV-18, CORE-MV-22, CORE-MV-24, CORE-MV-32, CORE-MV-33, CORE-MV-38
    /// TC_070.
    @Test func sampledValuesComeOnTheGridWithoutDrift() {
        let bench = ChargingBench(keys: [
            .meterValueSampleInterval: "15",
            .meterValuesSampledData:
                "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Frequency,Current.Offered",
        ])
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        let began = bench.moment.utc
        bench.run(seconds: 46)
        let values = everything(bench)
        #expect(
            values.map { $0.meterValue.first.timestamp.duration(since: began) } == [
                .seconds(15), .seconds(30), .seconds(45),
            ]
        )
        #expect(values.allSatisfy { $0.connectorId == 1 && $0.transactionId == 1 })
        let first = values.first?.meterValue.first.sampledValue.elements ?? []
        #expect(first.allSatisfy { $0.context == .samplePeriodic && $0.location == .outlet })
        #expect(
            first.map(\.measurand) == [
                .energyActiveImportRegister, .powerActiveImport, .currentImport, .voltage, .frequency, .currentOffered,
            ]
        )
        #expect(first.map(\.value) == ["1030", "7200", "31.3", "230.1", "50.01", "32"])
        #expect(first.map(\.unit) == [.wh, .w, .a, .v, nil, .a])
        #expect(first.map(\.phase) == [nil, nil, .l1, .l1N, nil, nil])
    }

    /// The turn that takes a sample comes some milliseconds after its time, and not always as many.
    @Test func samplesEveryFiveSecondsAreSentWhenTheyAreTaken() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "5"])
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 4)
        bench.skip(.milliseconds(1030))
        for count in 1...4 {
            bench.run(seconds: 1)
            #expect(everything(bench).count == count)
            bench.run(seconds: 4)
        }
    }

    // Shows: CORE-MV-01, CORE-MV-02, CORE-MV-04, CORE-MV-26
    /// TC_071.
    @Test func clockAlignedValuesCarryTheGridTime() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0", .clockAlignedDataInterval: "15"])
        bench.skip(.milliseconds(4321))
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 46)
        let times = everything(bench).map(\.meterValue.first.timestamp.millisecondsSinceEpoch)
        #expect(times.count == 3)
        #expect(times.allSatisfy { $0 % 15_000 == 0 })
        #expect(everything(bench).allSatisfy { $0.meterValue.first.sampledValue.first.context == .sampleClock })
    }

    // Shows: CORE-TX-26
    /// Both kinds are due in one turn, because the program was held up: each has the time of its own grid, and the earlier comes first, in
    /// MeterValues and in transactionData. Clock-aligned values come `aligned` ms after the start, sampled ones after ten seconds.
    @Test(arguments: [9700, 10_300]) func whatIsDueTogetherComesInTheOrderOfItsTimes(aligned: Int) {
        let register = "Energy.Active.Import.Register"
        let bench = ChargingBench(keys: [
            .meterValueSampleInterval: "10", .clockAlignedDataInterval: "60", .stopTxnSampledData: register,
            "StopTxnAlignedData": register,
        ])
        bench.skip(.seconds(60) - .milliseconds(aligned))
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        let began = bench.moment.utc
        bench.run(seconds: 9)
        bench.skip(.milliseconds(1400))
        bench.run(seconds: 3)
        bench.swipe("CARD")
        bench.run(seconds: 5)
        let times = everything(bench).map { $0.meterValue.first.timestamp.duration(since: began) }
        #expect(times == [10_000, aligned].sorted().map { Duration.milliseconds($0) })
        let told = bench.central.stops.first?.request.transactionData?.map { $0.timestamp.duration(since: began) } ?? []
        #expect(told == [.zero] + times + [.milliseconds(13_400)])
    }

    // Shows: CORE-MV-05
    /// OCPP 1.6 §3.16.2: an interval that does not divide the day begins anew at 00:00:00 UTC.
    @Test func theGridBeginsAnewAtMidnight() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0", .clockAlignedDataInterval: "7000"])
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 2 * 86_400)
        let seconds = everything(bench).map { $0.meterValue.first.timestamp.millisecondsSinceEpoch / 1000 % 86_400 }
        #expect(seconds.count >= 24)
        #expect(seconds.allSatisfy { $0 % 7000 == 0 })
        #expect(seconds.filter { $0 == 0 }.count == 2)
    }

    // Shows: CORE-MV-42
    @Test func withoutATransactionNothingIsSampled() {
        let bench = ChargingBench(keys: [.clockAlignedDataInterval: "15"])
        bench.goOnline()
        bench.plug()
        bench.run(seconds: 100)
        #expect(everything(bench).isEmpty)
    }

    // Shows: CORE-MV-02, CORE-MV-43, CORE-CFG-17
    /// OCPP 1.6 §5.3.
    @Test func aNewIntervalAppliesToTheRunningTransaction() {
        let bench = ChargingBench.charging()
        bench.set(.meterValueSampleInterval, "5")
        bench.run(seconds: 10)
        #expect(everything(bench).count == 2)
        bench.set(.meterValueSampleInterval, "0")
        bench.run(seconds: 100)
        #expect(everything(bench).count == 2)
    }

    // Shows: CORE-MV-46
    /// OCPP 1.6 §7.6, §7.31.
    @Test func aDeadMeterReportsNothing() {
        let bench = ChargingBench.charging()
        bench.change { $0.meterWorks = false }
        bench.run(seconds: 50)
        #expect(everything(bench).isEmpty)
        bench.change { $0.meterWorks = true }
        bench.run(seconds: 20)
        #expect(everything(bench).count == 1)
    }

    @Test func aStaleReadingIsNotReported() {
        let bench = ChargingBench.charging()
        bench.meterReports = false
        bench.run(seconds: 25)
        #expect(everything(bench).isEmpty)
    }

    @Test func withoutARegisterThereIsNoTransaction() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.change { $0.meterWorks = false }
        bench.run(seconds: 2)
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.starts.isEmpty)
        bench.change { $0.meterWorks = true }
        bench.run(seconds: 2)
        #expect(bench.central.starts.count == 1)
    }

    // Shows: CORE-TX-41
    @Test func aRegisterThatFallsIsNotFollowed() {
        let bench = ChargingBench.charging(keys: [.meterValueSampleInterval: "1"])
        bench.change { $0.registerWh = 5 }
        bench.run(seconds: 3)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.stops.map(\.request.meterStop) == [1006])
        // The card begins another transaction, from where the meter counts now.
        let values = everything(bench).filter { $0.transactionId == 1 }
        #expect(values.compactMap { Int($0.meterValue.first.sampledValue.first.value) } == [1002, 1004, 1006])
    }

    // MARK: - transactionData

    // Shows: CORE-MV-10
    @Test func bothStopListsEmptyMeanNoTransactionData() {
        let bench = ChargingBench.charging()
        bench.run(seconds: 50)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.stops.first?.request.transactionData == nil)
    }

    // Shows: CORE-MV-09, CORE-MV-11, CORE-MV-22
    @Test func transactionDataHasBeginSamplesAndEnd() {
        let bench = ChargingBench.charging(keys: [.stopTxnSampledData: "Energy.Active.Import.Register,Voltage"])
        bench.run(seconds: 40)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        let data = bench.central.stops.first?.request.transactionData ?? []
        #expect(
            data.map(\.sampledValue.first.context) == [
                .transactionBegin, .samplePeriodic, .samplePeriodic, .transactionEnd,
            ]
        )
        #expect(data.map(\.sampledValue.first.value) == ["1000", "1040", "1080", "1086"])
        #expect(data.allSatisfy { $0.sampledValue.count == 2 })
    }

    // Shows: CORE-MV-12, CORE-MV-13
    /// E §3.91.
    @Test func transactionDataIsThinnedEvenlyBetweenBeginAndEnd() {
        let bench = ChargingBench.charging(keys: [.stopTxnSampledData: "Energy.Active.Import.Register"])
        bench.run(seconds: 4000)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        let data = bench.central.stops.first?.request.transactionData ?? []
        #expect(data.count <= 20)
        #expect(data.count > 10)
        #expect(data.first?.sampledValue.first.context == .transactionBegin)
        #expect(data.last?.sampledValue.first.context == .transactionEnd)
        let between = data.dropFirst().dropLast().compactMap { Int($0.sampledValue.first.value) }
        let steps = Set(zip(between, between.dropFirst()).map { $1 - $0 })
        #expect(steps.count == 1)
    }

    @Test func transactionDataSurvivesARestart() {
        let bench = ChargingBench.charging(keys: [.stopTxnSampledData: "Energy.Active.Import.Register"])
        bench.run(seconds: 25)
        bench.restart()
        bench.goOnline(registered: false)
        bench.run(seconds: 15)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        let data = bench.central.stops.first?.request.transactionData ?? []
        #expect(
            data.map(\.sampledValue.first.context) == [
                .transactionBegin, .samplePeriodic, .samplePeriodic, .transactionEnd,
            ]
        )
    }

    @Test(arguments: [(0, "0"), (5, "0.005"), (1230, "1.23"), (-1500, "-1.5"), (16_000, "16")])
    func thousandthsAreWrittenExactly(value: Int, text: String) {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "1", .meterValuesSampledData: "Current.Import"])
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.meterReports = false
        var reading = FakeHardware(connectorId: 1).reading(at: bench.moment)
        reading.currentMilliamps = [value]
        bench.feed(.hardwareMeter(reading))
        bench.run(seconds: 1)
        #expect(everything(bench).last?.meterValue.first.sampledValue.first.value == text)
    }
}
