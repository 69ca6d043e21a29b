import BusSchema
import Testing

@testable import Bus

@Suite struct UnreadLedgerTests {
    /// What is published between two looks.
    private let portion = BusLimits.unreadBytesPerPeer / 8

    @Test func whoReadsNothingIsCutOnceAboveItsShare() {
        var ledger = UnreadLedger()
        ledger.add(1)
        let cuts = (1...30).map { _ in ledger.publish(portion) { _ in false } }
        #expect(cuts.firstIndex(of: [1]) == 8)
        #expect(cuts.count { !$0.isEmpty } == 1)
    }

    @Test func whoHasReadAllNowAndThenIsNeverTooFarBehind() {
        var ledger = UnreadLedger()
        ledger.add(1)
        for look in 1...100 { #expect(ledger.publish(portion) { _ in look % 8 == 0 } == []) }
    }

    @Test func whoComesLateDoesNotPayForWhatWasPublishedBefore() {
        var ledger = UnreadLedger()
        for _ in 1...100 { #expect(ledger.publish(portion) { _ in false } == []) }
        ledger.add(1)
        for _ in 1...8 { #expect(ledger.publish(portion) { _ in false } == []) }
        #expect(ledger.publish(portion) { _ in false } == [1])
    }

    @Test func nobodyIsAskedForEveryMessage() {
        var ledger = UnreadLedger()
        ledger.add(1)
        var questions = 0
        for _ in 1...256 {
            _ = ledger.publish(portion / 256) { _ in
                questions += 1
                return true
            }
        }
        #expect(questions == 1)
    }

    /// Six peers, each one portion less behind than the one before: together they have one portion too much when the first has its share.
    @Test func ofManyThatWaitForTooMuchTogetherOnlyTheFarthestBehindIsCut() {
        var ledger = UnreadLedger()
        for peer in 1...6 as ClosedRange<UInt64> {
            ledger.add(peer)
            #expect(ledger.publish(portion) { _ in false } == [])
        }
        #expect(ledger.publish(portion) { _ in false } == [])
        #expect(ledger.publish(portion) { _ in false } == [1])
        // The one that was cut counts no more, neither for nor against the others.
        #expect(ledger.publish(portion) { _ in false } == [])
        #expect(ledger.publish(portion) { _ in false } == [2])
    }

    @Test func whoWasForgottenIsNotCut() {
        var ledger = UnreadLedger()
        ledger.add(1)
        ledger.forget(1)
        for _ in 1...30 { #expect(ledger.publish(portion) { _ in false } == []) }
    }
}
