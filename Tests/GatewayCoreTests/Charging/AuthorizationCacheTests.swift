import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// When the cache is saved, what a disk that refuses means, and who gets an answer.
@Suite struct AuthorizationCacheTests {
    private let now = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
    private let accepted = IdTagInfo(status: .accepted)
    private let blocked = IdTagInfo(status: .blocked)
    private var cache = AuthorizationCache(nil, isEnabled: true)

    private mutating func learn(_ idTag: IdToken, _ info: IdTagInfo, at seconds: Int) {
        cache.learn(idTag, info, at: now, .seconds(seconds))
    }

    private func document(_ entries: (IdToken, IdTagInfo)...) -> AuthorizationCacheDocument {
        AuthorizationCacheDocument(entries: entries.map { .init(idTag: $0.0, info: $0.1) })
    }

    /// Learns it, and has the disk know it too.
    private mutating func learnForGood(_ idTag: IdToken, _ info: IdTagInfo, at seconds: Int) {
        learn(idTag, info, at: seconds)
        _ = cache.settle(at: .seconds(seconds + 600))
        _ = cache.saved()
    }

    // MARK: - The flash

    @Test mutating func whatIsLearnedWithinTenMinutesIsOneWrite() {
        learn("ONE", accepted, at: 100)
        learn("TWO", accepted, at: 400)
        #expect(cache.nextDeadline?.at == .seconds(700))
        var orders = cache.settle(at: .seconds(699))
        #expect(orders == .init())
        orders = cache.settle(at: .seconds(700))
        #expect(orders.save == document(("ONE", accepted), ("TWO", accepted)))
        orders = cache.saved()
        #expect(orders == .init())
        #expect(cache.nextDeadline == nil)
    }

    @Test mutating func theSameAnswersForADayAreNoWrite() {
        learn("ONE", accepted, at: 0)
        _ = cache.settle(at: .seconds(600))
        _ = cache.saved()
        for hour in 1...24 { learn("ONE", accepted, at: hour * 3600) }
        #expect(cache.nextDeadline == nil)
    }

    @Test mutating func whatComesWhileADocumentIsWrittenIsSavedAfterIt() {
        learn("ONE", accepted, at: 0)
        _ = cache.settle(at: .seconds(600))
        learn("TWO", accepted, at: 601)
        let meanwhile = cache.settle(at: .seconds(5000))
        #expect(meanwhile == .init())
        _ = cache.saved()
        #expect(cache.nextDeadline?.at == .seconds(1201))
        let next = cache.settle(at: .seconds(1201))
        #expect(next.save == document(("ONE", accepted), ("TWO", accepted)))
    }

    @Test mutating func aDiskThatRefusesIsTriedAgainAtGrowingIntervals() {
        learn("ONE", accepted, at: 0)
        var at = Duration.seconds(600)
        for wait in [5, 10, 20, 40, 80, 160, 320, 320] {
            let orders = cache.settle(at: at)
            #expect(orders.save != nil)
            _ = cache.saveFailed(at: at)
            at += .seconds(wait)
            #expect(cache.nextDeadline?.at == at)
        }
        _ = cache.settle(at: at)
        _ = cache.saved()
        #expect(cache.nextDeadline == nil)
        #expect(cache.info(of: "ONE", at: now, at) == accepted)
    }

    @Test mutating func theEndOfTheProgramDoesNotWait() {
        cache.hurry(at: .seconds(1))
        #expect(cache.nextDeadline == nil)
        learn("ONE", accepted, at: 100)
        cache.hurry(at: .seconds(101))
        let orders = cache.settle(at: .seconds(101))
        #expect(orders.save == document(("ONE", accepted)))
    }

    // MARK: - ClearCache

    /// OCPP 1.6 §5.4.
    @Test mutating func clearCacheIsAnsweredWhenTheDiskHasForgotten() {
        learnForGood("ONE", accepted, at: 0)
        cache.clear(callId: "a")
        let asked = cache.settle(at: .seconds(601))
        #expect(asked == .init(save: AuthorizationCacheDocument()))
        #expect(cache.info(of: "ONE", at: now, .seconds(601)) == accepted)
        let done = cache.saved()
        #expect(done == .init(answers: [.init(callId: "a", status: .accepted)]))
        #expect(cache.info(of: "ONE", at: now, .seconds(601)) == nil)
        #expect(cache.nextDeadline == nil)
    }

    // Shows: CORE-AUTH-31
    /// OCPP 1.6 §5.4: what the disk has from before it was switched off goes first.
    @Test mutating func clearCacheEmptiesACacheThatIsOffToo() {
        cache = AuthorizationCache(document(("ONE", accepted)), isEnabled: false)
        cache.clear(callId: "a")
        let asked = cache.settle(at: .zero)
        #expect(asked == .init(save: AuthorizationCacheDocument()))
        let done = cache.saved()
        #expect(done == .init(answers: [.init(callId: "a", status: .accepted)]))
        #expect(cache.nextDeadline == nil)
    }

    /// OCPP 1.6 §5.4: whether it was able to. A failed write did not happen.
    @Test mutating func clearCacheIsRejectedWhenTheDiskRefuses() {
        learnForGood("ONE", accepted, at: 0)
        cache.clear(callId: "a")
        _ = cache.settle(at: .seconds(601))
        let failed = cache.saveFailed(at: .seconds(601))
        #expect(failed == .init(answers: [.init(callId: "a", status: .rejected)]))
        #expect(cache.info(of: "ONE", at: now, .seconds(601)) == accepted)
        // Nobody knows what the disk holds: what is in force is written again.
        let again = cache.settle(at: .seconds(606))
        #expect(again.save == document(("ONE", accepted)))
    }

    @Test mutating func whatIsEmptyOnDiskTooNeedsNoWrite() {
        cache.clear(callId: "a")
        let orders = cache.settle(at: .zero)
        #expect(orders == .init(answers: [.init(callId: "a", status: .accepted)]))
    }

    @Test mutating func severalWhoAskAreAnsweredTogether() {
        learnForGood("ONE", accepted, at: 0)
        cache.clear(callId: "a")
        _ = cache.settle(at: .seconds(601))
        cache.clear(callId: "b")
        let meanwhile = cache.settle(at: .seconds(601))
        #expect(meanwhile == .init())
        let done = cache.saved()
        #expect(done.answers.map(\.callId) == ["a", "b"])
    }

    @Test mutating func clearCacheWaitsForAWriteThatIsUnderWay() {
        learn("ONE", accepted, at: 0)
        _ = cache.settle(at: .seconds(600))
        cache.clear(callId: "a")
        let meanwhile = cache.settle(at: .seconds(600))
        #expect(meanwhile == .init())
        _ = cache.saved()
        let asked = cache.settle(at: .seconds(600))
        #expect(asked == .init(save: AuthorizationCacheDocument()))
    }

    /// What the disk never heard of it need not forget.
    @Test mutating func whatWasNeverSavedIsForgottenWithoutAWrite() {
        learn("ONE", accepted, at: 0)
        cache.clear(callId: "a")
        let orders = cache.settle(at: .seconds(1))
        #expect(orders == .init(answers: [.init(callId: "a", status: .accepted)]))
        #expect(cache.info(of: "ONE", at: now, .seconds(1)) == nil)
        #expect(cache.nextDeadline == nil)
    }

    /// A central system that says something and has it forgotten, all day long, wears out no flash.
    @Test mutating func clearCacheInALoopWritesNoMoreOftenThanWhatIsLearned() {
        var writes = 0
        for second in 0..<3600 {
            learn("ONE", second.isMultiple(of: 2) ? accepted : blocked, at: second)
            // At the full ten minutes what was learned gets to the disk, now and then.
            if !second.isMultiple(of: 7) { cache.clear(callId: "\(second)") }
            while cache.settle(at: .seconds(second)).save != nil {
                writes += 1
                _ = cache.saved()
            }
        }
        #expect(writes <= 12)
    }

    /// Nor does it while the disk refuses: nothing is tried before its time.
    @Test mutating func clearCacheIsRejectedUnwrittenWhileTheDiskWaitsForItsNextTry() {
        learnForGood("ONE", accepted, at: 0)
        cache.clear(callId: "a")
        _ = cache.settle(at: .seconds(601))
        _ = cache.saveFailed(at: .seconds(601))
        cache.clear(callId: "b")
        let early = cache.settle(at: .seconds(602))
        #expect(early == .init(answers: [.init(callId: "b", status: .rejected)]))
        cache.clear(callId: "c")
        let due = cache.settle(at: .seconds(606))
        #expect(due == .init(save: AuthorizationCacheDocument()))
    }

    // MARK: - Switched off

    /// Nothing would tell it what changes meanwhile.
    @Test mutating func aCacheThatIsSwitchedOffForgetsEverythingAndLearnsNothing() {
        learnForGood("ONE", accepted, at: 0)
        cache.setEnabled(false, at: .seconds(601))
        #expect(cache.info(of: "ONE", at: now, .seconds(601)) == nil)
        let orders = cache.settle(at: .seconds(601))
        #expect(orders.save == AuthorizationCacheDocument())
        _ = cache.saved()
        learn("TWO", accepted, at: 602)
        #expect(cache.info(of: "TWO", at: now, .seconds(602)) == nil)
        #expect(cache.nextDeadline == nil)
        cache.setEnabled(true, at: .seconds(603))
        learn("TWO", accepted, at: 604)
        #expect(cache.info(of: "TWO", at: now, .seconds(604)) == accepted)
    }

    @Test mutating func whatADiskStillHasOfACacheThatIsOffIsNeitherUsedNorKept() {
        cache = AuthorizationCache(document(("ONE", accepted)), isEnabled: false)
        #expect(cache.info(of: "ONE", at: now, .zero) == nil)
        let orders = cache.settle(at: .zero)
        #expect(orders.save == AuthorizationCacheDocument())
    }

    /// What the disk still has must not come back with a switch: without the connection nobody would say what happened meanwhile.
    @Test mutating func aCacheThatIsSwitchedOnAgainLearnsNothingBeforeTheDiskHasForgotten() {
        cache = AuthorizationCache(document(("ONE", accepted)), isEnabled: true)
        cache.setEnabled(false, at: .seconds(1))
        _ = cache.settle(at: .seconds(1))
        _ = cache.saveFailed(at: .seconds(1))
        #expect(cache.isForgetting)
        cache.setEnabled(true, at: .seconds(2))
        learn("TWO", accepted, at: 3)
        #expect(cache.info(of: "ONE", at: now, .seconds(3)) == nil)
        #expect(cache.info(of: "TWO", at: now, .seconds(3)) == nil)
        let again = cache.settle(at: .seconds(6))
        #expect(again.save == AuthorizationCacheDocument())
        _ = cache.saved()
        #expect(!cache.isForgetting)
        learn("TWO", accepted, at: 7)
        #expect(cache.info(of: "TWO", at: now, .seconds(7)) == accepted)
    }

    /// The document that is being written has what was known before.
    @Test mutating func aCacheThatIsSwitchedOffWhileItIsSavedIsSavedOnceMore() {
        learn("ONE", accepted, at: 0)
        _ = cache.settle(at: .seconds(600))
        cache.setEnabled(false, at: .seconds(601))
        _ = cache.saved()
        #expect(cache.isForgetting)
        let orders = cache.settle(at: .seconds(601))
        #expect(orders.save == AuthorizationCacheDocument())
        _ = cache.saved()
        #expect(!cache.isForgetting)
    }

    // MARK: - The start

    @Test mutating func aCacheThatIsOffForgetsFromTheStartOnWhatTheDiskHas() {
        cache = AuthorizationCache(document(("ONE", accepted)), isEnabled: false)
        #expect(cache.isForgetting)
        cache = AuthorizationCache(nil, isUnread: true, isEnabled: false)
        #expect(cache.isForgetting)
        cache = AuthorizationCache(nil, isEnabled: false)
        #expect(!cache.isForgetting)
    }

    @Test mutating func aDocumentIsUsedAsItIsFound() {
        cache = AuthorizationCache(document(("ONE", accepted), ("TWO", blocked)), isEnabled: true)
        #expect(cache.info(of: "ONE", at: now, .zero) == accepted)
        #expect(cache.info(of: "TWO", at: now, .zero) == blocked)
        #expect(cache.nextDeadline == nil)
    }

    /// It may say that somebody is blocked: what is not known is asked for.
    @Test mutating func whatCannotBeReadIsNotKnownAndClearCacheWritesItAnew() {
        cache = AuthorizationCache(nil, isUnread: true, isEnabled: true)
        #expect(cache.nextDeadline == nil)
        cache.clear(callId: "a")
        let orders = cache.settle(at: .zero)
        #expect(orders == .init(save: AuthorizationCacheDocument()))
    }
}
