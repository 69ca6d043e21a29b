import GatewayCore
import OCPP
import Primitives
import Testing

/// What is said of one transaction is in chronological order, whatever the clock learns meanwhile.
@Suite struct TransactionTimeTests {
    private static let keys: [OCPPKeyName: String] = [
        .meterValueSampleInterval: "10", .stopTxnSampledData: "Energy.Active.Import.Register",
    ]

    /// A car charges from before the first of these offsets to half a minute after the last; each holds for half a minute.
    private func charge(
        _ bench: ChargingBench,
        offsets: [Duration],
        between: (ChargingBench) -> Void = { _ in }
    ) throws -> [Timestamp] {
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 33)
        for offset in offsets {
            bench.feed(.clockSynchronised(offset: offset))
            bench.run(seconds: 33)
            between(bench)
        }
        if !bench.isOnline { bench.goOnline() }
        bench.unplug()
        bench.run(seconds: 33)
        let start = try #require(bench.central.starts.first?.request)
        let stop = try #require(bench.central.stops.first?.request)
        let data = (stop.transactionData ?? []).map(\.timestamp)
        #expect(data.first == start.timestamp && data.last == stop.timestamp)
        #expect(data == data.sorted())
        #expect(bench.central.meterValues.count >= 2)
        return [start.timestamp] + bench.central.meterValues.map(\.request.meterValue.first.timestamp)
            + [stop.timestamp]
    }

    static let steps: [[Duration]] = [
        [.seconds(-3500)], [.seconds(3500), .zero], [.seconds(-86_400), .seconds(-3500), .seconds(-90_000)],
        [.seconds(-3500), .seconds(-7000)], [.zero, .seconds(-61)], [.seconds(-59), .seconds(-3500)],
    ]

    // Shows: CORE-HB-09
    @Test(arguments: steps, [true, false]) func aClockThatIsCorrected(offsets: [Duration], isOnline: Bool) throws {
        let bench = ChargingBench(keys: Self.keys)
        if isOnline { bench.goOnline() }
        let times = try charge(bench, offsets: offsets)
        #expect(times == times.sorted())
    }

    @Test(arguments: steps) func aClockThatNobodyTrustedBefore(offsets: [Duration]) throws {
        let bench = ChargingBench(clockIsTrusted: false, keys: Self.keys)
        let times = try charge(bench, offsets: offsets)
        #expect(times == times.sorted())
    }

    @Test(arguments: steps) func aClockThatIsCorrectedBetweenRestarts(offsets: [Duration]) throws {
        let bench = ChargingBench(keys: Self.keys)
        let times = try charge(bench, offsets: offsets) { $0.restart() }
        #expect(times == times.sorted())
    }

    /// No battery-backed clock: each boot learns the time anew, and the first answer is all it has.
    @Test(arguments: steps, [true, false])
    func aTransactionThatGoesOnInOtherBoots(offsets: [Duration], isTold: Bool) throws {
        let bench = ChargingBench(powerLoss: .resume, clockIsTrusted: false, keys: Self.keys)
        if isTold { bench.feed(.clockSynchronised(offset: .seconds(3600))) }
        let times = try charge(bench, offsets: offsets) {
            $0.powerCycle()
            // Before anybody told the time.
            $0.run(seconds: 33)
        }
        #expect(times == times.sorted())
    }

    /// Values that are for StopTransaction only are said of it, too.
    @Test func aClockThatIsCorrectedBetweenValuesThatAreNotSentAlone() throws {
        let bench = ChargingBench(keys: Self.keys.merging([.meterValuesSampledData: ""]) { $1 })
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 100)
        bench.feed(.clockSynchronised(offset: .seconds(-90)))
        bench.run(seconds: 20)
        bench.unplug()
        bench.run(seconds: 3)
        let data = try #require(bench.central.stops.first?.request.transactionData).map(\.timestamp)
        #expect(data == data.sorted())
    }

    /// What was counted since an earlier time bears that one.
    @Test func aPeriodBeginsAtTheTimeThatWasToldOfTheEndOfTheOneBefore() {
        let values = "Energy.Active.Import.Register,Power.Active.Import"
        let bench = ChargingBench(keys: [
            .meterValueSampleInterval: "0", "ClockAlignedDataInterval": "10", "MeterValuesAlignedData": values,
        ])
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 60)
        for offset in [Duration.seconds(86_400 * 365), .zero, .seconds(-90_000)] {
            bench.feed(.clockSynchronised(offset: offset))
            bench.run(seconds: 60)
        }
        let times = bench.central.meterValues.flatMap { $0.request.meterValue.elements.map(\.timestamp) }
        #expect(times.count >= 20)
        #expect(times == times.sorted())
    }
}
