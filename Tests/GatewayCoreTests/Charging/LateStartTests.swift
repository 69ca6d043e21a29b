import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// A StartTransaction that was given up and is sent again when its transaction is over: the rest was told with the id -1 (E §3.18), and no
/// transaction may stay open at the central system.
@Suite struct LateStartTests {
    private let bench = ChargingBench(keys: [.meterValueSampleInterval: "20"])

    private func refuseStarts() {
        bench.central.interfere = {
            if case .startTransaction = $0 { .refused(CallError(code: .internalError)) } else { nil }
        }
    }

    private func acceptAll() { bench.central.interfere = { _ in nil } }

    /// A session whose start became a dead letter.
    private func charge(_ idTag: String = "CARD") {
        refuseStarts()
        bench.goOnline()
        bench.plug()
        bench.swipe(idTag)
        bench.run(seconds: 41)
        bench.swipe(idTag)
    }

    private func resend() {
        acceptAll()
        bench.central.forgetLines()
        bench.perform(bench.machine.resendDeadLetters(at: bench.moment).effects)
        bench.run(seconds: 5)
    }

    /// The journal is made shorter, as after many messages.
    private func compact() {
        var ledger = TransactionLedger()
        for record in bench.journal { ledger.read(record) }
        let compaction = JournalCompaction(ledger)
        bench.journal = (bench.journal + [compaction.checkpoint]).filter(compaction.keeps)
    }

    private var messages: [String] { bench.lines.filter { !$0.hasPrefix("Status") } }

    @Test func theEndIsToldAgainWithTheIdThatCameLate() {
        charge()
        bench.run(seconds: 5)
        #expect(bench.central.stops.map(\.request.transactionId) == [-1])
        #expect(bench.machine.queue?.deadLetters == 1)
        resend()
        #expect(messages == ["Start 1 CARD 1000", "Stop #1 Local CARD 1082"])
        // It is another message than the one that was confirmed: a central system that knows messages by their id must not take it for that.
        #expect(bench.central.stops.map(\.request.transactionId) == [-1, 1])
        #expect(bench.machine.queue?.deadLetters == 0 && bench.machine.queue?.undelivered == 0)
        resend()
        #expect(messages.isEmpty)
    }

    /// The end of another transaction, told with -1, would only be said once more while its start stays a dead letter.
    @Test func oneStartThatIsSentAloneBringsItsOwnEndOnly() throws {
        charge()
        // The register after the opening is read first.
        bench.run(seconds: 5)
        bench.unplug()
        bench.plug()
        charge("OTHER")
        bench.run(seconds: 5)
        let letters = bench.machine.book.ledger.deadLetters
        #expect(bench.machine.queue?.deadLetters == 2)
        let first = try #require(letters.first)
        acceptAll()
        bench.central.forgetLines()
        let told = bench.central.stops.count
        bench.perform(bench.machine.resendDeadLetters(first, at: bench.moment).effects)
        bench.run(seconds: 5)
        #expect(bench.central.stops.dropFirst(told).map(\.request.transactionId) == [1])
        #expect(bench.machine.queue?.deadLetters == 1 && bench.machine.queue?.undelivered == 0)
        resend()
        #expect(bench.central.stops.dropFirst(told).map(\.request.transactionId) == [1, 2])
        #expect(bench.machine.queue?.deadLetters == 0 && bench.machine.queue?.undelivered == 0)
    }

    @Test func aRestartAndAShorterJournalForgetNoEnd() {
        charge()
        bench.run(seconds: 5)
        compact()
        bench.restart()
        bench.goOnline()
        resend()
        #expect(bench.central.stops.map(\.request.transactionId) == [-1, 1])
        compact()
        bench.restart()
        bench.goOnline()
        resend()
        #expect(messages.isEmpty)
    }

    @Test func anEndThatIsUnderWayWhileTheStartIsPutBackIsToldAgain() {
        charge()
        bench.holdsAnswers = true
        bench.run(seconds: 2)
        while let held = bench.heldCall, held.request.action != .stopTransaction { bench.answerHeld() }
        bench.perform(bench.machine.resendDeadLetters(at: bench.moment).effects)
        acceptAll()
        bench.holdsAnswers = false
        bench.answerHeld()
        bench.run(seconds: 5)
        #expect(bench.central.stops.map(\.request.transactionId) == [-1, 1])
    }

    @Test func aStartThatIsRefusedAgainKeepsItsEnd() {
        charge()
        bench.run(seconds: 5)
        resend()
        bench.unplug()
        bench.plug()
        charge("OTHER")
        bench.run(seconds: 5)
        refuseStarts()
        bench.perform(bench.machine.resendDeadLetters(at: bench.moment).effects)
        bench.run(seconds: 60)
        #expect(bench.machine.queue?.deadLetters == 1)
        resend()
        #expect(messages == ["Start 1 OTHER 1082", "Stop #2 Local OTHER 1164"])
    }

    // MARK: - Answered after all

    /// The answer to the CALL of the start comes on the connection that carried it, when it was given up long ago.
    private func answerLate(_ status: AuthorizationStatus = .accepted) {
        let start = OutgoingCall(key: .delivery(sequence: 1), request: .heartbeat(.init()))
        let info = IdTagInfo(status: status)
        bench.finish(start, .confirmed(.startTransaction(.init(idTagInfo: info, transactionId: 77))))
    }

    /// A transaction that charges, its start being a dead letter.
    private func beginWithDeadLetter() {
        refuseStarts()
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 41)
        #expect(bench.machine.queue?.deadLetters == 1)
        acceptAll()
    }

    @Test func aStartThatIsAnsweredAfterAllIsNoDeadLetterAnyMore() {
        beginWithDeadLetter()
        answerLate()
        #expect(bench.machine.queue?.deadLetters == 0 && bench.machine.queue?.undelivered == 0)
        #expect(bench.status()?.transaction?.transactionId == 77)
        bench.restart()
        bench.goOnline()
        bench.swipe("CARD")
        bench.run(seconds: 5)
        #expect(bench.central.stops.map(\.request.transactionId) == [77])
        resend()
        #expect(messages.isEmpty)
    }

    // Shows: CORE-TX-05
    @Test func aRefusalThatComesAfterAllStopsTheEnergy() {
        beginWithDeadLetter()
        #expect(bench.hardware[1]?.isClosed == true)
        answerLate(.blocked)
        bench.run(seconds: 3)
        #expect(bench.hardware[1]?.isClosed == false)
        #expect(bench.central.stops.map(\.request.reason) == [.deAuthorized])
        #expect(bench.central.stops.map(\.request.transactionId) == [77])
    }

    enum End: CaseIterable { case waits, isUnderWay, isTold }

    /// E §3.18: an end that waits gets the id; one that was told without, or is under way, is told again.
    @Test(arguments: End.allCases) func theEndOfAStartThatIsAnsweredAfterAllHasItsId(end: End) {
        beginWithDeadLetter()
        bench.holdsAnswers = end != .isTold
        bench.swipe("CARD")
        let first: Action = end == .waits ? .statusNotification : .stopTransaction
        while end != .isTold, let held = bench.heldCall, held.request.action != first { bench.answerHeld() }
        bench.run(seconds: 5)
        while end == .isUnderWay, let held = bench.heldCall, held.request.action != first { bench.answerHeld() }
        answerLate()
        bench.holdsAnswers = false
        bench.answerHeld()
        bench.run(seconds: 5)
        #expect(bench.central.stops.map(\.request.transactionId) == (end == .waits ? [77] : [-1, 77]))
        #expect(bench.machine.queue?.deadLetters == 0 && bench.machine.queue?.undelivered == 0)
        compact()
        bench.restart()
        bench.goOnline()
        resend()
        #expect(messages.isEmpty)
    }

    /// The next message has its turn by then, and keeps it.
    @Test func anAnswerAfterAllLeavesTheMessageAloneThatIsUnderWay() {
        beginWithDeadLetter()
        bench.central.interfere = {
            if case .meterValues = $0 { .refused(CallError(code: .internalError)) } else { nil }
        }
        bench.run(seconds: 20)
        let told = bench.central.requests.count
        answerLate()
        #expect(bench.central.requests.count == told)
        acceptAll()
        bench.run(seconds: 60)
        #expect(bench.machine.queue?.undelivered == 0 && bench.machine.queue?.deadLetters == 0)
    }

    /// A CALLERROR that comes late says nothing new of a dead letter, nor does an answer to what was delivered.
    @Test func nothingElseMovesADeadLetter() {
        beginWithDeadLetter()
        let start = OutgoingCall(key: .delivery(sequence: 1), request: .heartbeat(.init()))
        bench.finish(start, .refused(CallError(code: .genericError)))
        #expect(bench.machine.queue?.deadLetters == 1)
        answerLate()
        answerLate(.blocked)
        bench.run(seconds: 3)
        #expect(bench.central.stops.isEmpty)
    }

    /// Where the start was answered, though without an id that could be read, there is nothing to come.
    @Test func anEndWhoseStartWasAnsweredIsNotKept() {
        bench.central.interfere = {
            if case .startTransaction = $0 { .unreadable(.init(problem: "no", salvaged: .nothing)) } else { nil }
        }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 41)
        bench.swipe("CARD")
        bench.run(seconds: 5)
        #expect(bench.central.stops.map(\.request.transactionId) == [-1])
        compact()
        #expect(!bench.journal.contains { if case .ended = $0 { true } else { false } })
    }
}
