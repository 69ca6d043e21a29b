import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// A charger without a clock of its own, which loses its power again and again. What it says of a session is the same whenever it says it.
@Suite struct BootTimesTests {
    private func session(_ bench: ChargingBench) {
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 33)
        bench.unplug()
        bench.run(seconds: 5)
        bench.sync()
    }

    /// As the journal is made shorter, in place.
    private func compact(_ bench: ChargingBench) {
        let compaction = JournalCompaction(bench.restored)
        bench.journal = [compaction.checkpoint] + bench.journal.filter(compaction.keeps)
        bench.sync()
    }

    /// Times of the only session, told after so many boots that all learned the time.
    private func told(afterBoots count: Int, corrections: Int = 0, compacts: Bool) -> [Timestamp] {
        let bench = ChargingBench(clockIsTrusted: false)
        session(bench)
        for _ in 0..<count {
            bench.powerCycle()
            for correction in 0...corrections { bench.feed(.clockSynchronised(offset: .seconds(90 * correction))) }
            bench.sync()
            if compacts { compact(bench) }
        }
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 5)
        return bench.central.starts.map(\.request.timestamp) + bench.central.stops.map(\.request.timestamp)
    }

    @Test(arguments: [0, 1], [false, true])
    func aSessionHasItsTimeAfterHoweverManyBoots(corrections: Int, compacts: Bool) throws {
        let first = told(afterBoots: 1, corrections: corrections, compacts: false)
        try #require(first.count == 2)
        #expect(first[1] >= first[0].advanced(by: .seconds(30)))
        #expect(told(afterBoots: 90, corrections: corrections, compacts: compacts) == first)
    }

    @Test func sessionsOfManyBootsThatNobodyToldTheTimeKeepTheirOrderAndTheirLength() {
        let bench = ChargingBench(clockIsTrusted: false)
        for _ in 0..<40 {
            session(bench)
            bench.powerCycle()
        }
        bench.feed(.clockSynchronised(offset: .zero))
        bench.goOnline()
        bench.run(seconds: 120)
        let starts = bench.central.starts.map(\.request.timestamp)
        let stops = bench.central.stops.map(\.request.timestamp)
        #expect(starts.count == 40 && stops.count == 40)
        let all = zip(starts, stops).flatMap { [$0, $1] }
        #expect(all == all.sorted())
        #expect(zip(starts, stops).allSatisfy { $1 >= $0.advanced(by: .seconds(30)) })
    }

    /// The list would grow by an entry with each boot, for years.
    @Test func bootsThatNobodyGoesByAreForgotten() {
        var ledger = TransactionLedger()
        for boot in 0..<10_000 { ledger.read(.bootStart(BootStart(boot: "\(boot)", utc: Int64(boot)))) }
        #expect(ledger.boots.count < 64)
        #expect(ledger.boots.last?.boot == "9999")
        #expect(ledger.neededBoots.count == BootTimes.newest)
    }

    /// `transactionData` tells times of boots in which no message was written.
    @Test func aBootOfWhichOnlyTransactionDataTellsIsNeededToo() {
        let time = EventTime(utc: nil, boot: "a", uptime: 5)
        let ended = Ended(
            sequence: 1,
            messageId: "m",
            transaction: "t",
            connectorId: 1,
            meterStopWh: 0,
            time: EventTime(utc: 1, boot: nil, uptime: 1),
            reason: .local,
            transactionData: [StoredMeterValue(time: time, values: [])]
        )
        var ledger = TransactionLedger()
        ledger.read(.ended(ended))
        for boot in ["a"] + (0..<100).map(String.init) { ledger.read(.bootStart(BootStart(boot: boot, utc: 1000))) }
        #expect(ledger.neededBoots.first?.boot == "a")
        ledger.read(.delivered(Delivered(sequence: 1, transaction: "t", isStop: true)))
        #expect(ledger.neededBoots.first?.boot != "a")
    }

    /// NTP sets the clock while the gateway is being restarted, in a session that began without a time; then the power goes. The start is told
    /// with the time that it had, not with that of the boot after the cut, which may be days later.
    @Test(arguments: [false, true])
    func aClockSetBetweenTwoProcessesTellsWhenTheirBootWas(compacts: Bool) throws {
        let bench = ChargingBench(clockIsTrusted: false)
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 33)
        bench.sync()
        let began = bench.moment
        let step = Duration.seconds(86_400)
        bench.moment = Moment(uptime: began.uptime, utc: began.utc.advanced(by: step))
        bench.configuration.clockIsTrusted = true
        if compacts { compact(bench) }
        bench.restart()
        bench.run(seconds: 5)
        bench.sync()
        bench.powerCycle(after: .seconds(7200))
        bench.goOnline()
        bench.run(seconds: 25)
        let start = try #require(bench.central.starts.first).request.timestamp
        let stop = try #require(bench.central.stops.first).request.timestamp
        let expected = began.utc.advanced(by: step).advanced(by: .seconds(-33))
        #expect(start.duration(since: expected).magnitude <= .seconds(2))
        #expect(start < stop && stop.duration(since: start) <= .seconds(60))
    }
}
