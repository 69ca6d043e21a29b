import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// Everything at once, from a seed: lost connections, lost answers, restarts, power cuts, full disks. What must hold afterwards: each
/// transaction is told once and completely, in order, with its id.
@Suite struct ChaosTests {
    @Test(arguments: 1...60)
    func theBooksAreRightAfterwards(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let bench = ChargingBench(
            connectors: seed.isMultiple(of: 2) ? 2 : 1,
            powerLoss: seed.isMultiple(of: 3) ? .resume : .stop,
            seed: seed,
            keys: [.transactionMessageAttempts: "1000", .transactionMessageRetryInterval: "1"]
        )
        bench.asksEarly = true
        for _ in 0..<150 { act(bench, &random) }
        settle(bench)
        let starts = bench.central.starts
        let stops = bench.central.stops
        #expect(starts.count == stops.count)
        #expect(Set(stops.map(\.request.transactionId)) == Set(starts.indices.map { $0 + 1 }))
        for stop in stops {
            let start = starts[stop.request.transactionId - 1]
            #expect(stop.request.meterStop >= start.request.meterStart)
            let values = bench.central.meterValues.filter { $0.request.transactionId == stop.request.transactionId }
                .compactMap { Int($0.request.meterValue.first.sampledValue.first.value) }
            #expect(values == values.sorted())
            #expect(values.allSatisfy { (start.request.meterStart...stop.request.meterStop).contains($0) })
        }
        #expect(bench.central.meterValues.allSatisfy { $0.request.transactionId ?? -1 > 0 })
        #expect(bench.machine.undelivered == 0)
        #expect(bench.logs.filter { $0.level == .fault }.isEmpty)
        // Energy only in transactions: nothing flows once all are over.
        #expect(bench.hardware.values.allSatisfy { $0.permit == nil })
    }

    private func act(_ bench: ChargingBench, _ random: inout SeededRandom) {
        let connector = bench.hardware.count == 1 ? 1 : Int.random(in: 1...2, using: &random)
        switch Int.random(in: 0..<26, using: &random) {
        case 0, 1, 2, 16, 17, 18: bench.plug(connector, ready: Int.random(in: 0..<4, using: &random) > 0)
        case 3: bench.unplug(connector)
        case 4, 5, 6, 19, 20, 21:
            bench.swipe(Bool.random(using: &random) ? "ONE" : "TWO", at: bench.hardware.keys.sorted())
        case 7: bench.isOnline ? bench.goOffline() : bench.goOnline(registered: Bool.random(using: &random))
        case 8: bench.isOnline ? () : bench.goOnline()
        case 9: restart(bench, &random)
        case 10:
            bench.writesUntilPowerCut = Int.random(in: 0..<4, using: &random)
        case 11: bench.persistFails.toggle()
        case 24: bench.persistFails = false
        case 12: bench.central.interfere = { _ in .timedOut }
        case 13, 22, 23: bench.central.interfere = { _ in nil }
        case 14:
            bench.holdsAnswers.toggle()
            if !bench.holdsAnswers { bench.answerHeld() }
        default: bench.change(connector) { $0.faults = $0.faults.isEmpty ? [.overCurrentFailure] : [] }
        }
        bench.run(seconds: Int.random(in: 0..<45, using: &random))
        if bench.isDead { restart(bench, &random) }
    }

    private func restart(_ bench: ChargingBench, _ random: inout SeededRandom) {
        bench.persistFails = false
        Bool.random(using: &random) ? bench.restart() : bench.powerCycle()
    }

    private func settle(_ bench: ChargingBench) {
        if bench.isDead { bench.restart() }
        bench.writesUntilPowerCut = nil
        bench.persistFails = false
        bench.holdsAnswers = false
        bench.central.interfere = { _ in nil }
        if bench.isOnline { bench.goOffline() }
        bench.goOnline()
        for connector in bench.hardware.keys.sorted() {
            bench.change(connector) { $0.faults = [] }
            bench.plug(connector)
            bench.unplug(connector)
        }
        bench.run(seconds: 200)
    }
}
