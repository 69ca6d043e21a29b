import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// Who may charge without a question, online and offline (OCPP 1.6 §3.5). The table itself is in `AuthorizationRulesTests`.
@Suite struct LocalAuthorizationTests {
    private static let cacheOnly: [OCPPKeyName: String] = [
        .authorizationCacheEnabled: "true", .allowOfflineTxForUnknownId: "false", .localAuthorizeOffline: "true",
    ]

    /// A session from plug to unplug.
    private func session(_ idTag: String, _ bench: ChargingBench) {
        bench.plug()
        bench.swipe(idTag)
        bench.run(seconds: 10)
        bench.swipe(idTag)
        bench.run(seconds: 10)
        bench.unplug()
        bench.run(seconds: 6)
    }

    private func authorizations(_ bench: ChargingBench) -> Int {
        bench.lines.filter { $0.hasPrefix("Authorize") }.count
    }

    // MARK: - Online

    // Shows: CORE-AUTH-12, CORE-AUTH-22
    /// TC_007.
    @Test func aCachedCardStartsWithoutAQuestion() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        session("CARD", bench)
        #expect(authorizations(bench) == 1)
        session("CARD", bench)
        #expect(authorizations(bench) == 1)
        #expect(bench.central.starts.count == 2)
    }

    // Shows: CORE-AUTH-27
    /// OCPP 1.6 §9.1.2, §9.1.13: each of the two keys alone does nothing.
    @Test(arguments: [("true", "false"), ("false", "true"), ("false", "false")])
    func withoutBothKeysEveryCardIsAskedAbout(cache: String, preAuthorize: String) {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: cache, .localPreAuthorize: preAuthorize])
        bench.goOnline()
        session("CARD", bench)
        session("CARD", bench)
        #expect(authorizations(bench) == 2)
    }

    // Shows: CORE-AUTH-29
    /// TC_061.
    @Test func afterClearCacheACardIsAskedAboutAgain() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        session("CARD", bench)
        #expect(bench.clearCache() == .accepted)
        session("CARD", bench)
        #expect(authorizations(bench) == 2)
    }

    // Shows: CORE-AUTH-29
    /// TC_061 with a power cut: what was answered Accepted is gone for good.
    @Test func whatWasClearedDoesNotComeBack() {
        let bench = ChargingBench(keys: Self.cacheOnly)
        bench.goOnline()
        session("CARD", bench)
        bench.run(seconds: 700)
        #expect(bench.cached == ["CARD Accepted"])
        #expect(bench.clearCache() == .accepted)
        bench.powerCycle()
        bench.plug()
        bench.swipe("CARD")
        #expect(bench.indications.last == "1 rejected")
    }

    // Shows: CORE-AUTH-31
    /// OCPP 1.6 §5.4; the certificate has the cache switched off.
    @Test func clearCacheIsAcceptedWhenTheCacheIsOff() {
        let bench = ChargingBench()
        bench.goOnline()
        session("CARD", bench)
        #expect(bench.clearCache() == .accepted)
        #expect(bench.saves.filter { $0 == AuthorizationCacheDocument.name }.isEmpty)
    }

    @Test func clearCacheIsRejectedWhenTheDiskRefuses() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localPreAuthorize: "true"])
        bench.goOnline()
        session("CARD", bench)
        bench.persistFails = true
        #expect(bench.clearCache() == .rejected)
        bench.persistFails = false
        bench.run(seconds: 10)
        session("CARD", bench)
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
        session("CARD", bench)
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
        session("CARD", bench)
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
        session("CARD", bench)
        bench.run(seconds: 700)
        bench.central.interfere = { request in
            guard case .stopTransaction = request else { return nil }
            let info = IdTagInfo(status: .blocked)
            return .confirmed(.stopTransaction(StopTransaction.Confirmation(idTagInfo: info)))
        }
        session("CARD", bench)
        #expect(bench.cached == ["CARD Blocked"])
        session("CARD", bench)
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
        session("CARD", bench)
        #expect(authorizations(bench) == 1)
    }

    // Shows: CORE-AUTH-22
    /// OCPP 1.6 §3.5.4: begun offline as an unknown card, known from the answer to its StartTransaction on.
    @Test func startTransactionFeedsTheCache() {
        let bench = ChargingBench(keys: [.authorizationCacheEnabled: "true", .localAuthorizeOffline: "true"])
        session("CARD", bench)
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
        let bench = ChargingBench(keys: Self.cacheOnly)
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
        let bench = ChargingBench(keys: Self.cacheOnly)
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
        let bench = ChargingBench(keys: Self.cacheOnly)
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

    // MARK: - Offline

    // Shows: CORE-AUTH-14, CORE-AUTH-25
    /// OCPP 1.6 §9.1.12, and E §3.4 with a power cut: the cache survives.
    @Test(arguments: ["true", "false"]) func aCachedCardChargesOfflineWhenTheKeySaysSo(offline: String) {
        let bench = ChargingBench(keys: Self.cacheOnly.merging([.localAuthorizeOffline: offline]) { $1 })
        bench.goOnline()
        session("CARD", bench)
        bench.run(seconds: 600)
        bench.goOffline()
        bench.powerCycle()
        bench.plug()
        bench.swipe("OTHER")
        #expect(bench.indications.last == "1 rejected")
        bench.swipe("CARD")
        bench.run(seconds: 5)
        #expect((bench.hardware[1]?.isClosed == true) == (offline == "true"))
    }

    /// OCPP 1.6 §9.1.1 and §9.1.12 are independent: the first is about unknown cards only.
    @Test func aKnownCardIsNoUnknownOne() {
        let bench = ChargingBench(
            keys: Self.cacheOnly.merging([.localAuthorizeOffline: "false", .allowOfflineTxForUnknownId: "true"]) { $1 }
        )
        bench.goOnline()
        session("CARD", bench)
        bench.goOffline()
        bench.plug()
        bench.swipe("CARD")
        #expect(bench.indications.last == "1 rejected")
        bench.swipe("OTHER")
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    // Shows: CORE-AUTH-16, CORE-AUTH-21
    /// OCPP 1.6 §3.5.4: whatever unknown cards may do.
    @Test(arguments: [AuthorizationStatus.blocked, .invalid, .expired, .concurrentTx])
    func aCardThatIsCachedAsNotValidDoesNotChargeOffline(status: AuthorizationStatus) {
        let bench = ChargingBench(keys: Self.cacheOnly.merging([.allowOfflineTxForUnknownId: "true"]) { $1 })
        bench.central.authorizeInfo = { _ in IdTagInfo(status: status) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 1)
        bench.goOffline()
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.hardware[1]?.isClosed == false)
        #expect(bench.rejections == [status.rawValue, "\(status.rawValue) (cache)"])
    }

    // Shows: CORE-AUTH-23
    /// OCPP 1.6 §3.5.4: expired by the passage of time, even where unknown cards may charge.
    @Test func aCardThatHasExpiredSinceDoesNotChargeOffline() {
        let bench = ChargingBench(keys: Self.cacheOnly.merging([.allowOfflineTxForUnknownId: "true"]) { $1 })
        let expiryDate = bench.moment.utc.advanced(by: .seconds(3600))
        bench.central.authorizeInfo = { _ in IdTagInfo(expiryDate: expiryDate, status: .accepted) }
        bench.central.startInfo = bench.central.authorizeInfo
        bench.goOnline()
        session("CARD", bench)
        bench.goOffline()
        session("CARD", bench)
        bench.goOnline()
        bench.run(seconds: 10)
        #expect(bench.central.starts.count == 2)
        bench.goOffline()
        bench.run(seconds: 3600)
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 2)
        #expect(bench.hardware[1]?.isClosed == false)
        #expect(bench.rejections == ["Expired (cache)"])
    }

    /// A charger without a clock of its own does not know after a power cut what has expired.
    @Test func whatMayHaveExpiredDoesNotChargeWhileTheTimeIsNotKnown() {
        let bench = ChargingBench(clockIsTrusted: false, keys: Self.cacheOnly)
        let expiryDate = bench.moment.utc.advanced(by: .seconds(86_400))
        bench.central.authorizeInfo = { idTag in
            IdTagInfo(expiryDate: idTag == "DATED" ? expiryDate : nil, status: .accepted)
        }
        bench.central.startInfo = bench.central.authorizeInfo
        bench.feed(.clockSynchronised(offset: .zero))
        bench.goOnline()
        session("DATED", bench)
        session("ENDLESS", bench)
        bench.feed(.terminationRequested)
        bench.goOffline()
        bench.powerCycle()
        bench.plug()
        bench.swipe("DATED")
        #expect(bench.rejections == ["may have expired: the time is not known"])
        bench.swipe("ENDLESS")
        bench.run(seconds: 2)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    /// OCPP 1.6 §3.10: the parent is known offline too.
    @Test func aCardOfTheGroupEndsATransactionOffline() {
        let bench = ChargingBench(keys: Self.cacheOnly)
        bench.central.authorizeInfo = { idTag in
            IdTagInfo(parentIdTag: idTag == "STRANGER" ? nil : "FAMILY", status: .accepted)
        }
        bench.central.startInfo = bench.central.authorizeInfo
        bench.goOnline()
        for idTag in ["MOTHER", "SON", "STRANGER"] { session(idTag, bench) }
        bench.goOffline()
        bench.plug()
        bench.swipe("MOTHER")
        bench.run(seconds: 5)
        bench.swipe("STRANGER")
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.isClosed == true)
        bench.swipe("SON")
        bench.run(seconds: 5)
        bench.goOnline()
        bench.run(seconds: 5)
        #expect(bench.central.stops.last?.request.idTag == "SON")
        #expect(bench.central.stops.last?.request.reason == .local)
    }

    /// The question was out when the connection went: the rows for offline decide, the cache included.
    @Test(arguments: ["CARD", "OTHER"]) func aQuestionThatTheConnectionTookAlongIsDecidedByTheCache(idTag: String) {
        let bench = ChargingBench(keys: Self.cacheOnly)
        bench.goOnline()
        session("CARD", bench)
        bench.plug()
        bench.run(seconds: 1)
        bench.holdsAnswers = true
        bench.swipe(idTag)
        bench.goOffline()
        bench.run(seconds: 3)
        #expect((bench.hardware[1]?.isClosed == true) == (idTag == "CARD"))
    }
}
