import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// A disk that loses records takes ends of transactions along: nobody pays for what another one drew, and nothing stays open for ever.
@Suite struct LostEndTests {
    /// Sessions one after the other that nobody was told of yet.
    private func sessions(_ cards: [String]) -> ChargingBench {
        let bench = ChargingBench(keys: [.allowOfflineTxForUnknownId: "true"])
        for card in cards { bench.session(card) }
        return bench
    }

    private func begins(_ bench: ChargingBench) -> [Began] {
        bench.journal.compactMap { if case .began(let began) = $0 { began } else { nil } }
    }

    private func transaction(of card: String, on bench: ChargingBench) throws -> String {
        try #require(begins(bench).first { $0.idTag == IdToken(card) }).transaction
    }

    /// The disk loses what `isLost` says of one session.
    private func lose(_ card: String, on bench: ChargingBench, _ isLost: (JournalRecord) -> Bool) throws {
        let transaction = try transaction(of: card, on: bench)
        bench.journal.removeAll { $0.transaction == transaction && isLost($0) }
    }

    private func isEnd(_ record: JournalRecord) -> Bool { if case .ended = record { true } else { false } }

    private func isBegin(_ record: JournalRecord) -> Bool { if case .began = record { true } else { false } }

    private func isDecision(_ record: JournalRecord) -> Bool { if case .stopping = record { true } else { false } }

    /// The next process tells the central system everything. Returns the stop of that session.
    private func stop(of card: String, _ bench: ChargingBench) throws -> StopTransaction.Request {
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 70)
        let id = try #require(bench.central.starts.firstIndex { $0.request.idTag == IdToken(card) }) + 1
        let stops = bench.central.stops.map(\.request).filter { $0.transactionId == id }
        #expect(stops.count == 1)
        #expect(bench.machine.undelivered == 0)
        return try #require(stops.first)
    }

    @Test func anEndThatTheDiskLostIsToldWithTheRegisterOfTheNextBegin() throws {
        let bench = sessions(["A", "B", "C"])
        let whole = bench.journal
        try lose("B", on: bench, isEnd)
        let stop = try stop(of: "B", bench)
        let lost = whole.compactMap { if case .ended(let ended) = $0 { ended } else { nil } }[1]
        #expect(Int64(stop.meterStop) == lost.meterStopWh)
        #expect(stop.reason == .local)
        #expect(stop.timestamp.millisecondsSinceEpoch == lost.time.utc)
        #expect(bench.central.starts.count == 3 && bench.central.stops.count == 3)
        #expect(bench.logs.contains { $0.level == .error && $0.message.contains("the disk lost the end") })
        #expect(!bench.logs.contains { $0.level == .fault })
        // It is told once.
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 70)
        #expect(bench.central.stops.count == 3)
    }

    @Test func withoutItsDecisionALostEndIsOfTheTimeOfTheNextBegin() throws {
        let bench = sessions(["A", "B", "C"])
        try lose("B", on: bench) { isEnd($0) || isDecision($0) }
        let stop = try stop(of: "B", bench)
        #expect(stop.reason == .other)
        #expect(stop.meterStop == bench.central.starts[2].request.meterStart)
        #expect(stop.timestamp == bench.central.starts[2].request.timestamp)
    }

    /// Between the two may have been somebody else, who is not to be billed on this one.
    @Test func whereAWholeTransactionMayBeMissingTheOwnRegisterEndsIt() throws {
        let bench = sessions(["A", "B", "C", "D"])
        try lose("B", on: bench, isEnd)
        try lose("C", on: bench) { _ in true }
        let next = try #require(begins(bench).last)
        let stop = try stop(of: "B", bench)
        #expect(Int64(stop.meterStop) < next.meterStartWh)
        #expect(stop.meterStop >= bench.central.starts[1].request.meterStart)
        #expect(bench.central.starts.count == 3 && bench.central.stops.count == 3)
    }

    /// Of C only the end is left, or what was said before it.
    @Test(arguments: [false, true])
    func theEndOfAnotherProvesThatTheOpenOneWasOver(onlyDecision: Bool) throws {
        let bench = sessions(["A", "B", "C"])
        let begin = try #require(begins(bench).last)
        try lose("C", on: bench) { isBegin($0) || onlyDecision && isEnd($0) }
        try lose("B", on: bench, isEnd)
        bench.hardware[1]?.registerWh += 5000
        let stop = try stop(of: "B", bench)
        #expect(stop.meterStop >= bench.central.starts[1].request.meterStart)
        #expect(Int64(stop.meterStop) <= begin.meterStartWh)
        #expect(stop.reason == .local)
    }

    /// The end of an orphan is written while another one charges, and proves nothing of that one.
    @Test func theLateEndOfAnOrphanLeavesTheRunningTransactionAlone() throws {
        let bench = sessions(["A", "B"])
        try lose("A", on: bench) { isEnd($0) || isDecision($0) }
        bench.plug()
        bench.swipe("C")
        bench.run(seconds: 10)
        let running = try transaction(of: "C", on: bench)
        bench.restart()
        #expect(bench.machine.connector(1)?.transaction?.uuid == running)
        let orphan = try transaction(of: "A", on: bench)
        #expect(bench.journal.filter { isEnd($0) && $0.transaction == orphan }.count == 1)
        // The begin of A is lost as well: its end is older than the one that runs.
        bench.journal.removeAll { isBegin($0) && $0.transaction == orphan }
        bench.restart()
        #expect(bench.machine.connector(1)?.transaction?.uuid == running)
    }

    // MARK: - Records that are lost where a transaction is open

    @Test func aTransactionWhoseLaterRecordsAreLostEndsWithItsOwnRegister() throws {
        let bench = ChargingBench.charging()
        bench.run(seconds: 25)
        let own = try #require(bench.restored.open[1]?.registerWh)
        bench.missesRecordsBefore = bench.journal.count
        bench.hardware[1]?.registerWh += 5000
        bench.restart()
        bench.missesRecordsBefore = nil
        bench.goOnline()
        bench.run(seconds: 70)
        #expect(bench.central.stops.map(\.request.meterStop) == [Int(own)])
        #expect(bench.central.stops.map(\.request.reason) == [.other])
        // Nobody pays for it: it draws nothing.
        #expect(bench.hardware[1]?.permit == nil)
        #expect(bench.status()?.status == "Finishing")
    }

    @Test(arguments: [ChargingConfiguration.PowerLossPolicy.stop, .resume])
    func afterAPowerCutItEndsWithItsOwnRegisterAsWell(policy: ChargingConfiguration.PowerLossPolicy) throws {
        let bench = ChargingBench.charging(powerLoss: policy)
        bench.run(seconds: 25)
        bench.sync()
        let own = try #require(bench.restored.open[1]?.registerWh)
        bench.missesRecordsBefore = bench.journal.count
        bench.hardware[1]?.registerWh += 5000
        bench.powerCycle()
        bench.missesRecordsBefore = nil
        bench.goOnline()
        bench.run(seconds: 70)
        #expect(bench.central.stops.map(\.request.meterStop) == [Int(own)])
        #expect(bench.central.stops.map(\.request.reason) == [.powerLoss])
    }

    @Test func aLaterRecordOfItsOwnShowsThatItWentOn() throws {
        let bench = ChargingBench.charging()
        bench.run(seconds: 45)
        let newest = bench.journal.lastIndex { if case .sampled = $0 { true } else { false } }
        bench.missesRecordsBefore = newest
        #expect(newest != nil)
        bench.restart()
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.isClosed == true)
        #expect(bench.machine.hasOpenTransaction)
    }

    /// Records before a checkpoint are missing because nobody needs them.
    @Test func aCheckpointShowsWhatIsOpen() throws {
        let bench = ChargingBench.charging()
        bench.run(seconds: 25)
        bench.missesRecordsBefore = bench.journal.count
        bench.journal.append(JournalCompaction(bench.machine.book.ledger).checkpoint)
        bench.restart()
        #expect(bench.machine.hasOpenTransaction)
    }
}
