import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// Who may charge without a question online (OCPP 1.6 §3.5), and what feeds the cache. The table itself is in `AuthorizationRulesTests`.
@Suite struct LocalAuthorizationTests {
    private func authorizations(_ bench: ChargingBench) -> Int {
        bench.lines.filter { $0.hasPrefix("Authorize") }.count
    }

    // MARK: - Asked or not

    // Shows: CORE-AUTH-12, CORE-AUTH-22
    /// TC_007.
    @Test func aCachedCardStartsWithoutAQuestion() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        bench.session("CARD")
        #expect(authorizations(bench) == 1)
        bench.session("CARD")
        #expect(authorizations(bench) == 1)
        #expect(bench.central.starts.count == 2)
    }

    // Shows: CORE-AUTH-27
    /// OCPP 1.6 §9.1.2, §9.1.13: each of the two keys alone does nothing.
    @Test(arguments: [("true", "false"), ("false", "true"), ("false", "false")])
    func withoutBothKeysEveryCardIsAskedAbout(cache: String, preAuthorize: String) {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: cache, .localPreAuthorize: preAuthorize])
        bench.goOnline()
        bench.session("CARD")
        bench.session("CARD")
        #expect(authorizations(bench) == 2)
    }

    // Shows: CORE-AUTH-29
    /// TC_061.
    @Test func afterClearCacheACardIsAskedAboutAgain() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        bench.session("CARD")
        #expect(bench.clearCache() == .accepted)
        bench.session("CARD")
        #expect(authorizations(bench) == 2)
    }

    // Shows: CORE-AUTH-29
    /// TC_061 with a power cut: what was answered Accepted is gone for good.
    @Test func whatWasClearedDoesNotComeBack() {
        let bench = ChargingBench(keys: ChargingBench.cacheOnly)
        bench.goOnline()
        bench.session("CARD")
        bench.run(seconds: 700)
        #expect(bench.cached == ["CARD Accepted"])
        #expect(bench.clearCache() == .accepted)
        bench.powerCycle()
        bench.plug()
        bench.swipe("CARD")
        #expect(bench.indications.last == "1 rejected")
    }

    /// OCPP 1.6 §5.4; the certificate has the cache switched off.
    @Test func clearCacheIsAcceptedWhenTheCacheIsOff() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.session("CARD")
        #expect(bench.clearCache() == .accepted)
        #expect(bench.saves.filter { $0 == AuthorizationCacheDocument.name }.isEmpty)
    }

    @Test func clearCacheIsRejectedWhenTheDiskRefuses() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        bench.session("CARD")
        // What the disk never had it need not forget.
        bench.run(seconds: 600)
        bench.persistFails = true
        #expect(bench.clearCache() == .rejected)
        bench.persistFails = false
        bench.run(seconds: 10)
        bench.session("CARD")
        #expect(authorizations(bench) == 1)
        #expect(bench.clearCache() == .accepted)
    }

    // Shows: CORE-AUTH-26
    /// OCPP 1.6 §3.5.1: cached as not valid, it is asked about all the same.
    @Test func aCardThatIsCachedAsBlockedIsAskedAbout() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.central.authorizeInfo = { _ in IdTagInfo(status: .blocked) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 1)
        #expect(bench.indications.last == "1 rejected")
        #expect(bench.rejections == ["Blocked"])
        bench.central.authorizeInfo = { _ in IdTagInfo(status: .accepted) }
        bench.swipe("CARD")
        bench.run(seconds: 1)
        #expect(authorizations(bench) == 2)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    /// OCPP 1.6 §4.8: the verdict comes with StartTransaction.conf, and the cache hears of it.
    @Test func aCardThatWasBlockedSinceIsStoppedAndNotStartedAgain() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        bench.session("CARD")
        bench.run(seconds: 700)
        #expect(bench.cached == ["CARD Accepted"])
        bench.central.startInfo = { _ in IdTagInfo(status: .blocked) }
        bench.central.authorizeInfo = { _ in IdTagInfo(status: .blocked) }
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        #expect(bench.central.stops.last?.request.reason == .deAuthorized)
        #expect(bench.cached == ["CARD Blocked"])
        bench.unplug()
        bench.run(seconds: 6)
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 1)
        #expect(authorizations(bench) == 2)
        #expect(bench.central.starts.count == 2)
    }

    /// OCPP 1.6 §5.11: RemoteStartTransaction goes by the same table.
    @Test func aRemoteStartOfACachedCardAsksNobody() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        bench.session("CARD")
        bench.plug()
        let (answer, effects) = bench.machine.remoteStart(.init(connectorId: 1, idTag: "CARD"), at: bench.moment)
        #expect(answer.status == .accepted)
        bench.perform(effects)
        bench.pump()
        bench.run(seconds: 3)
        #expect(authorizations(bench) == 1)
        #expect(bench.central.starts.count == 2)
    }

    // MARK: - What feeds it

    // Shows: CORE-AUTH-22
    /// OCPP 1.6 §3.5.1, §4.10: the cache is fed by StopTransaction.conf too.
    @Test func stopTransactionFeedsTheCache() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        bench.session("CARD")
        bench.run(seconds: 700)
        bench.central.interfere = { request in
            guard case .stopTransaction = request else { return nil }
            let info = IdTagInfo(status: .blocked)
            return .confirmed(.stopTransaction(StopTransaction.Confirmation(idTagInfo: info)))
        }
        bench.session("CARD")
        #expect(bench.cached == ["CARD Blocked"])
        bench.session("CARD")
        #expect(authorizations(bench) == 2)
    }

    /// A StopTransaction without an idTag speaks of nobody.
    @Test func whatIsSaidOfNobodyIsNotRemembered() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        bench.central.interfere = { request in
            guard case .stopTransaction = request else { return nil }
            let info = IdTagInfo(status: .blocked)
            return .confirmed(.stopTransaction(StopTransaction.Confirmation(idTagInfo: info)))
        }
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        bench.unplug()
        bench.run(seconds: 10)
        #expect(bench.central.stops.isEmpty)
        bench.session("CARD")
        #expect(authorizations(bench) == 1)
    }

    // Shows: CORE-AUTH-22
    /// OCPP 1.6 §3.5.4: begun offline as an unknown card, known from the answer to its StartTransaction on.
    @Test func startTransactionFeedsTheCache() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localAuthorizeOffline: "true"])
        bench.session("CARD")
        bench.goOnline()
        bench.run(seconds: 10)
        bench.goOffline()
        bench.set(.allowOfflineTxForUnknownId, "false")
        bench.plug()
        bench.swipe("OTHER")
        #expect(bench.indications.last == "1 rejected")
        bench.swipe("CARD")
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    /// An answer that comes when nobody waits for it any more still says what the central system thinks.
    @Test func anAnswerToAQuestionThatWasGivenUpIsRemembered() {
        let bench = ChargingBench(keys: ChargingBench.cacheOnly)
        bench.goOnline()
        bench.plug()
        bench.run(seconds: 1)
        bench.holdsAnswers = true
        bench.swipe("CARD")
        bench.run(seconds: 61)
        #expect(bench.rejections == ["no answer in time"])
        bench.holdsAnswers = false
        bench.answerHeld()
        bench.goOffline()
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    /// The echo of our own message says nothing of the card.
    @Test func concurrentTxToARepetitionIsNotRemembered() {
        let bench = ChargingBench(keys: ChargingBench.cacheOnly)
        bench.goOnline()
        bench.plug()
        bench.central.interfere = { request in
            guard case .startTransaction = request else { return nil }
            return .timedOut
        }
        bench.swipe("CARD")
        bench.run(seconds: 2)
        bench.central.interfere = { _ in nil }
        bench.central.startInfo = { _ in IdTagInfo(status: .concurrentTx) }
        bench.run(seconds: 15)
        #expect(bench.central.starts.count == 1)
        bench.feed(.terminationRequested)
        #expect(bench.cached == ["CARD Accepted"])
    }

    /// Where the date is what cannot be read, Accepted would be for ever; a refusal is a refusal.
    @Test(arguments: [(AuthorizationStatus.accepted, []), (.blocked, ["CARD Blocked"])])
    func ofAnUnreadableAnswerOnlyARefusalIsRemembered(status: AuthorizationStatus, cached: [String]) {
        let bench = ChargingBench(keys: ChargingBench.cacheOnly)
        bench.central.interfere = { request in
            guard case .authorize = request else { return nil }
            let salvaged = SalvagedIdTagInfo(status: status)
            return .unreadable(UnreadableResult(problem: "expiryDate", salvaged: .identifier(salvaged)))
        }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 1)
        bench.feed(.terminationRequested)
        #expect(bench.cached == cached)
    }
}
