import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct SampleBudgetTests {
    private static func sampled(_ connectorId: Int) -> SampleBudget.Stream {
        SampleBudget.Stream(connectorId: connectorId, isAligned: false)
    }

    private static func aligned(_ connectorId: Int) -> SampleBudget.Stream {
        SampleBudget.Stream(connectorId: connectorId, isAligned: true)
    }

    /// Seconds at which one of the sets that come every `step` seconds is kept, with so many messages waiting.
    private func kept(waiting: Int, every step: Int, for seconds: Int) -> [Int] {
        var budget = SampleBudget()
        return stride(from: 0, to: seconds, by: step).filter {
            budget.takes(values: 10, of: Self.sampled(1), waiting: waiting, at: .seconds($0))
        }
    }

    @Test func untilMuchWaitsEverythingIsKept() {
        #expect(kept(waiting: SampleBudget.freeMessages - 1, every: 1, for: 1000).count == 1000)
    }

    @Test func beyondThatADayTakesWhatItMayTake() {
        let bytes = Int64(kept(waiting: 1000, every: 5, for: 86_400).count) * (300 + 10 * 120)
        #expect(bytes <= SampleBudget.bytesPerDay + 1500)
        #expect(bytes > SampleBudget.bytesPerDay / 2)
    }

    /// Not the first ones and then none (E §3.14).
    @Test func whatIsKeptIsSpreadEvenly() {
        let times = kept(waiting: 1000, every: 5, for: 86_400)
        let gaps = Set(zip(times, times.dropFirst()).map { $1 - $0 })
        #expect(gaps.count <= 2)
        #expect(gaps.allSatisfy { $0 < 60 })
    }

    @Test func theMoreWaitsTheLessIsKept() {
        let few = kept(waiting: 5000, every: 5, for: 86_400).count
        let many = kept(waiting: 50_000, every: 5, for: 86_400).count
        #expect(many < few / 3 && many > 0)
        #expect(kept(waiting: SampleBudget.mostMessages, every: 5, for: 86_400).isEmpty)
    }

    /// Nobody's meter values push out another's, however often they come and whoever is asked first.
    @Test func connectorsShareWhatThereIs() {
        var budget = SampleBudget()
        var kept: [Int: Int] = [:]
        for second in stride(from: 0, to: 86_400, by: 5) {
            for connectorId in [1, 2]
            where budget.takes(values: 10, of: Self.sampled(connectorId), waiting: 1000, at: .seconds(second)) {
                kept[connectorId, default: 0] += 1
            }
        }
        let (first, second) = (kept[1] ?? 0, kept[2] ?? 0)
        #expect(abs(first - second) <= 1)
        #expect(Int64(first + second) * 1500 > SampleBudget.bytesPerDay * 9 / 10)
    }

    /// Those that come seldom are kept beside those that come often.
    @Test func clockAlignedValuesHaveTheirShareBesideSampledOnes() {
        var budget = SampleBudget()
        var kept = 0
        for second in stride(from: 0, to: 86_400, by: 5) {
            _ = budget.takes(values: 10, of: Self.sampled(1), waiting: 1000, at: .seconds(second))
            guard second.isMultiple(of: 900) else { continue }
            if budget.takes(values: 10, of: Self.aligned(1), waiting: 1000, at: .seconds(second)) { kept += 1 }
        }
        #expect(kept == 96)
    }

    /// What one set did not use is there for the next: sets that come a little too often lose a few and not every second.
    @Test func whatWasNotUsedIsSaved() {
        // A set of 1500 bytes costs 31 s of a day.
        let bytes = Int64(kept(waiting: 1000, every: 30, for: 86_400).count) * 1500
        #expect(bytes > SampleBudget.bytesPerDay * 9 / 10)
        #expect(bytes <= SampleBudget.bytesPerDay + 1500)
    }

    /// The worst that the README names: eight lists of four connectors that ask all the time, each with as much as it could save.
    @Test func allTogetherTakeADaysBytesAndWhatTheyCouldSave() {
        var budget = SampleBudget()
        var bytes: Int64 = 0
        let streams = (1...4).flatMap { [Self.sampled($0), Self.aligned($0)] }
        for stream in streams { _ = budget.takes(values: 10, of: stream, waiting: 1000, at: .zero) }
        for second in 43_200..<43_200 + 86_400 {
            for stream in streams where budget.takes(values: 10, of: stream, waiting: 1000, at: .seconds(second)) {
                bytes += 1500
            }
        }
        let saved = SampleBudget.bytesPerDay * 600 / 86_400
        #expect(bytes <= SampleBudget.bytesPerDay + saved + 8 * 1500)
        #expect(bytes > SampleBudget.bytesPerDay * 9 / 10)
    }

    // Shows: CORE-MV-45
    /// OCPP 1.6 §3.7, E §3.91: of a long time offline the begin, the end and an even selection are delivered, and no energy is missing.
    @Test func aLongChargeOfflineIsDeliveredThinned() {
        let bench = ChargingBench(keys: [
            .meterValueSampleInterval: "2", .allowOfflineTxForUnknownId: "true",
            .meterValuesSampledData: "Energy.Active.Import.Interval,Energy.Active.Import.Register",
        ])
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 4000)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        bench.goOnline()
        bench.run(seconds: 100)
        let count = bench.central.meterValues.count
        #expect(count >= SampleBudget.freeMessages - 5 && count < 1500)
        #expect(bench.central.starts.count == 1 && bench.central.stops.count == 1)
        let sets = bench.central.meterValues.map(\.request.meterValue.first.sampledValue.elements)
        let energies = sets.compactMap { $0.first.flatMap { Int64($0.value) } }
        #expect(sets.last?.last?.value == "\(1000 + energies.reduce(0, +))")
    }
}
