import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct DeliveryTests {
    private func refuseStart(_ request: OCPPRequest) -> CallOutcome? {
        if case .startTransaction = request { .refused(CallError(code: .internalError)) } else { nil }
    }

    private func starts(_ bench: ChargingBench) -> Int { bench.lines.filter { $0.hasPrefix("Start ") }.count }

    private func stops(_ bench: ChargingBench) -> Int { bench.lines.filter { $0.hasPrefix("Stop ") }.count }

    // Shows: CORE-TX-28, CORE-TX-29, CORE-TX-30, J-RPC-27, SEED-07
    /// OCPP 1.6 §3.7.1, §9.1.31, §9.1.32: three attempts, waits of 10 and 20 seconds.
    @Test func aRefusedMessageIsTriedAgainWithGrowingWaits() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0"])
        bench.central.interfere = refuseStart
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        #expect(starts(bench) == 1)
        bench.run(seconds: 9)
        #expect(starts(bench) == 1)
        bench.run(seconds: 1)
        #expect(starts(bench) == 2)
        bench.run(seconds: 19)
        #expect(starts(bench) == 2)
        bench.run(seconds: 1)
        #expect(starts(bench) == 3)
        bench.run(seconds: 300)
        #expect(starts(bench) == 3)
        #expect(bench.machine.queue?.deadLetters == 1)
        #expect(bench.machine.queue?.undelivered == 0)
    }

    // Shows: CORE-BOOT-22
    /// JE §3.10: the central system does not know the charger, whatever the message says; it is sent again, and no attempt is counted.
    @Test func aSecurityErrorIsNoAttempt() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0"])
        bench.central.interfere = { request in
            if case .startTransaction = request { .refused(CallError(code: .securityError)) } else { nil }
        }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 600)
        #expect((55...61).contains(starts(bench)))
        #expect(bench.machine.queue?.attempts == 0)
        // One that was accepted anew and still answers so speaks of the message, once for each such word.
        for _ in 1...2 {
            bench.feed(.wentOnline(registered: true))
            bench.run(seconds: 120)
        }
        #expect(bench.machine.queue?.attempts == 2)
        bench.central.interfere = { _ in nil }
        bench.run(seconds: 60)
        #expect(bench.machine.queue?.undelivered == 0)
        #expect(bench.machine.queue?.deadLetters == 0)
    }

    // Shows: CORE-TX-30
    /// OCPP 1.6 §9.1.32: a restart is no way around the wait, and does not begin it anew.
    @Test(arguments: [false, true]) func aWaitGoesOnAfterARestart(compacted: Bool) {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0"])
        bench.central.interfere = refuseStart
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 11)
        #expect(starts(bench) == 2)
        bench.run(seconds: 8)
        if compacted {
            var ledger = TransactionLedger()
            for record in bench.journal { ledger.read(record) }
            let compaction = JournalCompaction(ledger)
            bench.journal = [compaction.checkpoint] + bench.journal.filter { compaction.keeps($0) }
        }
        bench.restart(after: .seconds(2))
        #expect(bench.machine.queue?.attempts == 2)
        bench.goOnline(registered: false)
        // Of twenty seconds, ten or so are over.
        bench.run(seconds: 8)
        #expect(starts(bench) == 2)
        bench.run(seconds: 4)
        #expect(starts(bench) == 3)
        bench.run(seconds: 60)
        #expect(starts(bench) == 3)
        #expect(bench.machine.queue?.deadLetters == 1)
    }

    // Shows: CORE-TX-31, CORE-TX-33
    /// E §3.18.
    @Test func aLostStartLeavesMinusOne() {
        let bench = ChargingBench()
        bench.central.interfere = refuseStart
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 41)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.meterValues.allSatisfy { $0.request.transactionId == -1 })
        #expect(bench.central.meterValues.count == 2)
        #expect(bench.central.stops.map(\.request.transactionId) == [-1])
    }

    /// What was confirmed is marked so on disk before anything else happens; a mark that a power cut takes along sends it a second time.
    @Test func whatWasConfirmedIsNotSentAgainAfterAPowerCut() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.powerCycle()
        bench.goOnline()
        // Before anything else forces the disk.
        while stops(bench) == 0, bench.moment.uptime < .seconds(60) { bench.run(seconds: 1) }
        bench.powerCycle()
        bench.goOnline()
        bench.run(seconds: 10)
        #expect(starts(bench) == 1)
        #expect(stops(bench) == 1)
    }

    /// A start, a sample and an end that the central system refused until they were given up.
    private func afterASessionThatBecameDeadLetters() -> ChargingBench {
        let bench = ChargingBench()
        bench.central.interfere = { request in
            switch request {
            case .startTransaction, .stopTransaction, .meterValues: .refused(CallError(code: .genericError))
            default: nil
            }
        }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 30)
        bench.swipe("CARD")
        bench.run(seconds: 200)
        #expect(bench.machine.queue?.deadLetters == 3)
        return bench
    }

    @Test func deadLettersCanBeSentAgain() {
        let bench = afterASessionThatBecameDeadLetters()
        bench.restart()
        bench.central.interfere = { _ in nil }
        bench.goOnline()
        bench.central.forgetLines()
        let (count, effects) = bench.machine.resendDeadLetters(at: bench.moment)
        bench.perform(effects)
        bench.pump()
        #expect(count == 3)
        #expect(bench.lines == ["Start 1 CARD 1000", "Meter 1 #1 1040", "Stop #1 Local CARD 1060"])
        #expect(bench.machine.queue?.deadLetters == 0)
        #expect(bench.machine.queue?.undelivered == 0)
    }

    @Test func oneDeadLetterCanBeSentAgainAlone() throws {
        let bench = afterASessionThatBecameDeadLetters()
        bench.central.interfere = { _ in nil }
        bench.central.forgetLines()
        #expect(bench.machine.resendDeadLetters(4, at: bench.moment).requeued == 0)
        let (count, effects) = bench.machine.resendDeadLetters(1, at: bench.moment)
        bench.perform(effects)
        bench.pump()
        #expect(count == 1)
        #expect(bench.lines == ["Start 1 CARD 1000"])
        #expect(bench.machine.queue?.deadLetters == 2)
        bench.restart()
        #expect(bench.machine.queue?.deadLetters == 2)
    }

    @Test func deadLettersPutBackWhileTheQueueIsReadAreNotTakenForLost() {
        let bench = afterASessionThatBecameDeadLetters()
        bench.goOffline()
        bench.unplug()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        bench.holdsLoads = true
        bench.restart()
        let query = bench.loads.last
        #expect(query?.throughEnd == false)
        bench.perform(bench.machine.resendDeadLetters(at: bench.moment).effects)
        bench.holdsLoads = false
        if let query { bench.answerLoad(query) }
        bench.central.interfere = { _ in nil }
        bench.central.forgetLines()
        bench.goOnline()
        bench.run(seconds: 2)
        let messages = bench.lines.filter { !$0.hasPrefix("Status") }
        #expect(messages.prefix(3) == ["Start 1 CARD 1000", "Meter 1 #1 1040", "Stop #1 Local CARD 1060"])
        #expect(bench.logs.allSatisfy { $0.level != .fault })
    }

    // Shows: CORE-TX-32, J-RPC-09
    @Test func aLostConnectionIsNoFailureAndKeepsTheMessageId() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0"])
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 8)
        bench.holdsAnswers = true
        bench.swipe("CARD")
        bench.run(seconds: 2)
        bench.answerHeld()
        let first = bench.heldCall?.messageId
        #expect(first != nil)
        for _ in 0..<5 {
            bench.goOffline()
            bench.goOnline(registered: false)
            #expect(bench.heldCall?.messageId == first)
        }
        #expect(bench.machine.queue?.attempts == 0)
        bench.holdsAnswers = false
        bench.answerHeld()
        #expect(bench.central.stops.count == 1)
    }

    // Shows: CORE-TX-27
    @Test func theMessageIdSurvivesARestart() {
        let bench = ChargingBench()
        bench.plug()
        bench.swipe("CARD")
        bench.holdsAnswers = true
        bench.goOnline()
        bench.answerHeld(.confirmed(.statusNotification(.init())))
        bench.answerHeld(.confirmed(.statusNotification(.init())))
        let id = bench.heldCall?.messageId
        #expect(bench.central.starts.count == 1)
        bench.restart()
        bench.holdsAnswers = false
        bench.goOnline()
        #expect(bench.central.starts.map(\.messageId) == [id])
    }

    /// The central system knew the transaction already when it said ConcurrentTx.
    @Test func concurrentTxAfterALostAnswerIsNoRefusal() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0"])
        bench.plug()
        bench.swipe("CARD")
        bench.central.interfere = { if case .startTransaction = $0 { .timedOut } else { nil } }
        bench.goOnline()
        bench.central.interfere = { _ in nil }
        bench.central.startInfo = { _ in IdTagInfo(status: .concurrentTx) }
        bench.run(seconds: 12)
        #expect(bench.central.starts.count == 1)
        #expect(bench.central.stops.isEmpty)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    /// The answer to the first transmission died with the process, or with the whole machine.
    @Test(arguments: [true, false]) func concurrentTxToAStartThatAnEarlierProcessSentIsNoRefusal(isPowerCut: Bool) {
        let bench = ChargingBench(powerLoss: .resume, keys: [.meterValueSampleInterval: "0"])
        bench.goOnline()
        bench.plug()
        bench.central.interfere = { if case .startTransaction = $0 { .timedOut } else { nil } }
        bench.swipe("CARD")
        bench.run(seconds: 5)
        bench.central.interfere = { _ in nil }
        bench.central.startInfo = { _ in IdTagInfo(status: .concurrentTx) }
        if isPowerCut { bench.powerCycle() } else { bench.restart() }
        bench.goOnline()
        bench.run(seconds: 12)
        #expect(starts(bench) == 2)
        #expect(bench.central.stops.isEmpty)
        #expect(bench.status()?.transaction?.transactionId == 1)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    // Shows: CORE-TX-32
    /// The silence was the connection's, as is found a little later: no failure of the message, however often it happens.
    @Test func anAttemptThatTimedOutOnAConnectionThenDeclaredDeadDoesNotCount() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0"])
        bench.central.interfere = { if case .startTransaction = $0 { .timedOut } else { nil } }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        for attempt in 1...5 {
            bench.run(seconds: 5)
            #expect(starts(bench) == attempt)
            bench.goOffline()
            #expect(bench.machine.queue?.attempts == 0)
            bench.goOnline(registered: false)
        }
        #expect(bench.machine.queue?.deadLetters == 0)
    }

    // Shows: CORE-TX-10
    /// OCPP 1.6 §7.2, §9.1.24.
    @Test func concurrentTxOtherwiseIsOne() {
        let bench = ChargingBench()
        bench.central.startInfo = { _ in IdTagInfo(status: .concurrentTx) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.stops.map(\.request.reason) == [.deAuthorized])
    }

    @Test func failuresAreCountedOverARestart() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0"])
        bench.central.interfere = refuseStart
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 11)
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 100)
        #expect(starts(bench) == 3)
        #expect(bench.machine.queue?.deadLetters == 1)
    }

    // Shows: CORE-TX-26, CORE-BOOT-23
    @Test func otherMessagesPassTheQueue() {
        let bench = ChargingBench()
        bench.central.interfere = refuseStart
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.central.forgetLines()
        bench.change { $0.pilot = .b }
        #expect(bench.lines == ["Status 1 SuspendedEV"])
    }

    /// Memory holds a window, the rest waits on disk.
    @Test func aLongQueueIsReadInPieces() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "1"])
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 1000)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        bench.goOnline()
        #expect(bench.central.meterValues.count == 1000)
        #expect(bench.central.stops.map(\.request.transactionId) == [1])
        let registers = bench.central.meterValues.compactMap {
            Int($0.request.meterValue.first.sampledValue.first.value)
        }
        #expect(registers == registers.sorted())
        #expect(bench.loads.count > 10)
        #expect(bench.loads.allSatisfy { $0.limit <= 64 })
        #expect(bench.machine.queue?.undelivered == 0)
    }

    @Test func aDeliveredJournalIsMadeShorterAndSaysTheSame() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "1"])
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 2100)
        #expect(bench.compactions == 1)
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 5)
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.central.starts.count == 1)
        #expect(bench.central.stops.map(\.request.transactionId) == [1])
        let ids = bench.central.meterValues.map(\.messageId)
        #expect(Set(ids).count == ids.count)
    }

    /// E §3.18: an end that overtakes its start would be told with the id -1.
    @Test(arguments: [false, true]) func deadLettersThatArePutBackOneByOneKeepTheirOrder(backwards: Bool) {
        let bench = afterASessionThatBecameDeadLetters()
        bench.goOffline()
        bench.central.interfere = { _ in nil }
        bench.central.forgetLines()
        for sequence: Int64 in backwards ? [3, 1, 2] : [1, 3, 2] {
            bench.perform(bench.machine.resendDeadLetters(sequence, at: bench.moment).effects)
        }
        bench.goOnline(registered: false)
        bench.run(seconds: 2)
        let messages = bench.lines.filter { !$0.hasPrefix("Status") }
        #expect(messages == ["Start 1 CARD 1000", "Meter 1 #1 1040", "Stop #1 Local CARD 1060"])
        #expect(bench.machine.queue?.undelivered == 0)
        #expect(bench.logs.allSatisfy { $0.level != .fault })
    }
}
