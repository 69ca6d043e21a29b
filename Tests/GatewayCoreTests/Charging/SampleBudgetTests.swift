import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct SampleBudgetTests {
    /// Seconds at which one of the sets that come every `step` seconds is kept, with so many messages waiting.
    private func kept(waiting: Int, every step: Int, for seconds: Int) -> [Int] {
        var budget = SampleBudget()
        return stride(from: 0, to: seconds, by: step).filter {
            budget.takes(values: 10, waiting: waiting, at: .seconds($0))
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
