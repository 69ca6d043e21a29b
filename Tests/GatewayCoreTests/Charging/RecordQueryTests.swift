import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// What people see of the messages on disk.
@Suite struct RecordQueryTests {
    /// All pages of a request, each of so many messages.
    private func pages(_ bench: ChargingBench, _ request: ReadRecords) -> [ReadRecords.Reply] {
        var request = request
        var pages: [ReadRecords.Reply] = []
        while let query = RecordQuery(1, request, bench.machine.book.ledger), pages.count < 100 {
            var scan = QueueScan(query.query)
            for record in bench.journal where !scan.isComplete { scan.read(record) }
            let page = query.reply(scan.entries, bench.machine.turn(at: bench.moment))
            pages.append(page)
            guard let next = page.next else { break }
            request.after = next
        }
        return pages
    }

    private func records(_ bench: ChargingBench, _ request: ReadRecords) -> [MessageRecord] {
        pages(bench, request).flatMap(\.records)
    }

    /// A session with a dead start, one that was delivered, and one offline.
    private func afterThreeSessions() -> ChargingBench {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0", .transactionMessageAttempts: "1"])
        bench.central.interfere = { request in
            if case .startTransaction = request { .refused(CallError(code: .internalError)) } else { nil }
        }
        for session in 0..<3 {
            if session == 1 { bench.central.interfere = { _ in nil } }
            session < 2 ? bench.goOnline() : bench.goOffline()
            bench.plug()
            bench.swipe("CARD")
            bench.run(seconds: 5)
            bench.swipe("CARD")
            bench.run(seconds: 5)
            bench.unplug()
            bench.run(seconds: 5)
        }
        return bench
    }

    /// Somebody may delete the journal for an answer that says that nothing waits.
    @Test func aJournalThatCannotBeUsedIsNotAnEmptyOne() throws {
        var bench = try GatewayBench()
        bench.start()
        let nothing = bench.feed(.asked(number: 1, .records(ReadRecords())))
        #expect(nothing == [.replied(number: 1, .success(.records(ReadRecords.Reply(records: [], next: nil))))])
        bench.feed(.charging(.persistFailed(reason: "Permission denied")))
        let problem = "the journal cannot be used, and what is in it is not known: Permission denied"
        let asked = bench.feed(.asked(number: 2, .records(ReadRecords())))
        #expect(asked == [.replied(number: 2, .failure(BusError(.failed, problem)))])
    }

    @Test func everyMessageIsTheOneThatItIs() throws {
        let bench = ChargingBench.charging(keys: [.meterValueSampleInterval: "0"])
        bench.run(seconds: 5)
        bench.swipe("CARD")
        bench.run(seconds: 5)
        let found = records(bench, ReadRecords())
        #expect(found.map(\.action) == ["StartTransaction", "StopTransaction"])
        #expect(found.map(\.state) == [.delivered, .delivered])
        #expect(found.map(\.transactionId) == [1, 1])
        #expect(found.map(\.connectorId) == [1, 1])
        #expect(found.map(\.idTag) == ["CARD", "CARD"])
        #expect(found.map(\.reason) == [nil, "Local"])
        let stop = try #require(bench.central.stops.first?.request)
        #expect(found.last?.energyWh == Int64(stop.meterStop))
        #expect(found.last?.at == stop.timestamp.millisecondsSinceEpoch)
        #expect(Set(found.map(\.transaction)).count == 1)
    }

    @Test func aStateIsTheOneOfTheQueue() {
        let bench = afterThreeSessions()
        #expect(records(bench, ReadRecords(state: .deadLetter)).map(\.messageNumber) == [1])
        #expect(records(bench, ReadRecords(state: .delivered)).map(\.messageNumber) == [2, 3, 4])
        let waiting = records(bench, ReadRecords(state: .waiting))
        #expect(waiting.count == bench.machine.queue?.undelivered)
        #expect(waiting.first?.action == "StartTransaction")
        bench.perform(bench.machine.resendDeadLetters(at: bench.moment).effects)
        // The end of that session was told without its start, and is due once more.
        #expect(records(bench, ReadRecords(state: .waiting)).map(\.messageNumber).prefix(2) == [1, 2])
        #expect(records(bench, ReadRecords(state: .deadLetter)).isEmpty)
    }

    @Test func pagesAreAsLongAsAskedForAndTogetherAreAll() throws {
        let bench = afterThreeSessions()
        let all = records(bench, ReadRecords())
        #expect(all.map(\.messageNumber) == Array(1...6))
        for limit in [-1, 0, 1, 2, 6, 100, 1000] {
            let found = pages(bench, ReadRecords(limit: limit))
            #expect(found.flatMap(\.records).map(\.messageNumber) == all.map(\.messageNumber), "\(limit)")
            #expect(found.allSatisfy { $0.records.count <= limit.clamped(to: 1...100) })
        }
        let transaction = try #require(all.first?.transaction)
        #expect(records(bench, ReadRecords(limit: 1, transaction: transaction)).map(\.messageNumber) == [1, 2])
    }

    /// Whoever looks at one transaction does not have the whole journal read for it.
    @Test func ofOneTransactionNothingIsReadBehindItsEndAndOfOneThatRunsNothingBeforeItsBegin() throws {
        let bench = afterThreeSessions()
        let first = try #require(records(bench, ReadRecords()).first?.transaction)
        let read = pages(bench, ReadRecords(limit: 1, transaction: first))
        #expect(read.map { $0.records.map(\.messageNumber) } == [[1], [2]])
        #expect(read.last?.next == nil)
        bench.plug()
        bench.swipe("CARD")
        let running = try #require(bench.machine.book.ledger.open[1]?.began.transaction)
        let page = pages(bench, ReadRecords(limit: 1, transaction: running))
        #expect(page.map { $0.records.map(\.messageNumber) } == [[7]])
    }

    @Test(arguments: [Int64.min, -1, 6, 7, .max]) func fromAnywhereOutThereIsNothingOrAll(after: Int64) {
        let bench = afterThreeSessions()
        let states: [MessageRecord.State?] = [nil, .waiting, .deadLetter, .delivered, .init(rawValue: "later")]
        for state in states {
            let found = records(bench, ReadRecords(after: after, state: state))
            if after > 0 { #expect(found.isEmpty) }
        }
    }
}
