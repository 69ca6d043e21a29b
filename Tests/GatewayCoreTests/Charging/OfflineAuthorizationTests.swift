import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// Who may charge offline (OCPP 1.6 §3.5). The table itself is in `AuthorizationRulesTests`.
@Suite struct OfflineAuthorizationTests {
    // Shows: CORE-AUTH-14, CORE-AUTH-25
    /// OCPP 1.6 §9.1.12, and E §3.4 with a power cut: the cache survives.
    @Test(arguments: ["true", "false"]) func aCachedCardChargesOfflineWhenTheKeySaysSo(offline: String) {
        let bench = ChargingBench(keys: ChargingBench.cacheOnly.merging([.localAuthorizeOffline: offline]) { $1 })
        bench.goOnline()
        bench.session("CARD")
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

    // Shows: CORE-AUTH-17
    /// OCPP 1.6 §9.1.1 and §9.1.12 are independent: the first is about unknown cards only.
    @Test func aKnownCardIsNoUnknownOne() {
        let bench = ChargingBench(
            keys: ChargingBench.cacheOnly.merging([
                .localAuthorizeOffline: "false", .allowOfflineTxForUnknownId: "true",
            ]) { $1 }
        )
        bench.goOnline()
        bench.session("CARD")
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
        let bench = ChargingBench(keys: ChargingBench.cacheOnly.merging([.allowOfflineTxForUnknownId: "true"]) { $1 })
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
        let bench = ChargingBench(keys: ChargingBench.cacheOnly.merging([.allowOfflineTxForUnknownId: "true"]) { $1 })
        let expiryDate = bench.moment.utc.advanced(by: .seconds(3600))
        bench.central.authorizeInfo = { _ in IdTagInfo(expiryDate: expiryDate, status: .accepted) }
        bench.central.startInfo = bench.central.authorizeInfo
        bench.goOnline()
        bench.session("CARD")
        bench.goOffline()
        bench.session("CARD")
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
        let bench = ChargingBench(clockIsTrusted: false, keys: ChargingBench.cacheOnly)
        let expiryDate = bench.moment.utc.advanced(by: .seconds(86_400))
        bench.central.authorizeInfo = { idTag in
            IdTagInfo(expiryDate: idTag == "DATED" ? expiryDate : nil, status: .accepted)
        }
        bench.central.startInfo = bench.central.authorizeInfo
        bench.feed(.clockSynchronised(offset: .zero))
        bench.goOnline()
        bench.session("DATED")
        bench.session("ENDLESS")
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
        let bench = ChargingBench(keys: ChargingBench.cacheOnly)
        bench.central.authorizeInfo = { idTag in
            IdTagInfo(parentIdTag: idTag == "STRANGER" ? nil : "FAMILY", status: .accepted)
        }
        bench.central.startInfo = bench.central.authorizeInfo
        bench.goOnline()
        for idTag in ["MOTHER", "SON", "STRANGER"] { bench.session(idTag) }
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

    /// OCPP 1.6 §3.10: an empty name is no group, whether it was said to this version or an earlier one kept it on disk.
    @Test(arguments: [false, true]) func offlineAStrangerWithoutAGroupEndsNothing(isOfAnEarlierVersion: Bool) {
        let bench = ChargingBench(keys: ChargingBench.cacheOnly)
        let info = IdTagInfo(parentIdTag: "", status: .accepted)
        if isOfAnEarlierVersion {
            let entries = ["CARD", "STRANGER"].map { AuthorizationCacheDocument.Entry(idTag: $0, info: info) }
            bench.documents.add(AnyDocument(AuthorizationCacheDocument(entries: entries)))
            bench.restart()
        } else {
            bench.central.authorizeInfo = { _ in info }
            bench.central.startInfo = { _ in info }
            bench.goOnline()
            for idTag in ["CARD", "STRANGER"] { bench.session(idTag) }
            bench.goOffline()
        }
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 5)
        bench.swipe("STRANGER")
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    /// The question was out when the connection went: the rows for offline decide, the cache included.
    @Test(arguments: ["CARD", "OTHER"]) func aQuestionThatTheConnectionTookAlongIsDecidedByTheCache(idTag: String) {
        let bench = ChargingBench(keys: ChargingBench.cacheOnly)
        bench.goOnline()
        bench.session("CARD")
        bench.plug()
        bench.run(seconds: 1)
        bench.holdsAnswers = true
        bench.swipe(idTag)
        bench.goOffline()
        bench.run(seconds: 3)
        #expect((bench.hardware[1]?.isClosed == true) == (idTag == "CARD"))
    }
}
