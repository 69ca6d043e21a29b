import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// A disk that loses the begin of a transaction leaves one at the central system that nobody would ever end.
@Suite struct LostBeginTests {
    /// One that charges, and whose begin is gone. With the register on disk.
    private func headless(_ keys: [OCPPKeyName: String] = [:], seconds: Int = 70) throws -> (ChargingBench, Int64) {
        let bench = ChargingBench.charging(keys: keys)
        bench.run(seconds: seconds)
        let open = try #require(bench.restored.open[1])
        bench.journal.removeAll { if case .began = $0 { true } else { false } }
        bench.sync()
        return (bench, open.registerWh)
    }

    private func ends(_ bench: ChargingBench) -> [Ended] {
        bench.journal.compactMap { if case .ended(let ended) = $0 { ended } else { nil } }
    }

    /// Known by its samples, or by the registers that are stored without any.
    @Test(arguments: [[:], [OCPPKeyName.meterValueSampleInterval: "0"]])
    func itIsEndedOnceWithItsLastRegister(keys: [OCPPKeyName: String]) throws {
        let (bench, registerWh) = try headless(keys)
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 20)
        let stop = try #require(bench.central.stops.first?.request)
        #expect(stop.transactionId == 1)
        #expect(Int64(stop.meterStop) == registerWh)
        #expect(stop.reason == .other)
        #expect(bench.hardware[1]?.permit == nil)
        #expect(bench.logs.contains { $0.level == .error && $0.message.contains("the disk lost the begin") })
        for _ in 0..<2 {
            bench.restart()
            bench.goOnline()
            bench.run(seconds: 20)
        }
        #expect(bench.central.stops.count == 1 && ends(bench).count == 1)
        #expect(bench.machine.undelivered == 0)
    }

    @Test func afterAPowerCutItsReasonIsThat() throws {
        let (bench, registerWh) = try headless()
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 20)
        #expect(bench.central.stops.map(\.request.reason) == [.powerLoss])
        #expect(bench.central.stops.map(\.request.meterStop) == [Int(registerWh)])
    }

    @Test func anEndThatWasDecidedKeepsItsReason() throws {
        let (bench, _) = try headless()
        bench.meterReports = false
        bench.hardwareAnswers = false
        bench.swipe("CARD")
        #expect(bench.journal.contains { if case .stopping = $0 { true } else { false } })
        bench.hardwareAnswers = true
        bench.meterReports = true
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 20)
        #expect(bench.central.stops.map(\.request.reason) == [.local])
    }

    /// Whoever charges on that connector by now is not over because of it.
    @Test func itsLateEndLeavesTheNextTransactionAlone() throws {
        let (bench, _) = try headless([.allowOfflineTxForUnknownId: "true"])
        // A version that did not know better, offline.
        bench.restart()
        bench.journal.removeAll { if case .ended = $0 { true } else { false } }
        bench.unplug()
        bench.run(seconds: 20)
        bench.plug()
        bench.swipe("04D4E5F6")
        bench.run(seconds: 10)
        let running = try #require(bench.machine.connector(1)?.transaction?.uuid)
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 10)
        #expect(bench.machine.connector(1)?.transaction?.uuid == running)
        #expect(bench.central.stops.map(\.request.transactionId) == [1])
        // Nor at the next start, which reads it behind the begin of the other one.
        bench.restart()
        #expect(bench.machine.connector(1)?.transaction?.uuid == running)
    }

    /// What the central system does not know of it, or nobody knows of its register, cannot be told.
    @Test func oneThatTheCentralSystemDoesNotKnowIsNotTold() throws {
        let (bench, _) = try headless()
        bench.journal.removeAll { if case .assigned = $0 { true } else { false } }
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 20)
        #expect(bench.central.stops.isEmpty && ends(bench).isEmpty)
    }

    /// Begin, samples and answers of what was delivered are dropped on purpose.
    @Test func aCompactionIsNoLoss() throws {
        let bench = ChargingBench.charging()
        bench.run(seconds: 70)
        let compaction = JournalCompaction(bench.machine.book.ledger)
        bench.journal.append(compaction.checkpoint)
        bench.journal.removeAll { !compaction.keeps($0) }
        bench.run(seconds: 30)
        bench.restart()
        #expect(bench.machine.hasOpenTransaction)
        #expect(ends(bench).isEmpty)
    }
}
