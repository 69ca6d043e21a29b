import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// A power cut must not bring a permission back that was taken away: offline nobody is asked (OCPP 1.6 §3.5.1, §3.5.4).
@Suite struct RevocationTests {
    private let now = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
    private let accepted = IdTagInfo(status: .accepted)
    private let blocked = IdTagInfo(status: .blocked)

    private func document(_ entries: (IdToken, IdTagInfo)...) -> AuthorizationCacheDocument {
        AuthorizationCacheDocument(entries: entries.map { .init(idTag: $0.0, info: $0.1) })
    }

    private func cache(_ document: AuthorizationCacheDocument?, isUnread: Bool = false) -> AuthorizationCache {
        AuthorizationCache(document, isUnread: isUnread, isEnabled: true)
    }

    /// What is saved at that time.
    private func save(_ cache: inout AuthorizationCache, at seconds: Int) -> AuthorizationCacheDocument? {
        let save = cache.settle(at: .seconds(seconds)).save
        if save != nil { _ = cache.saved() }
        return save
    }

    @Test func eachIsSavedAtOnceHoweverShortlyAfterTheOther() {
        var cache = cache(document(("ONE", accepted), ("TWO", accepted)))
        cache.learn("ONE", blocked, at: now, .seconds(100))
        #expect(save(&cache, at: 100) == document(("TWO", accepted), ("ONE", blocked)))
        cache.learn("TWO", blocked, at: now, .seconds(101))
        #expect(save(&cache, at: 101) == document(("ONE", blocked), ("TWO", blocked)))
        // The disk knows.
        cache.learn("TWO", IdTagInfo(status: .invalid), at: now, .seconds(102))
        #expect(cache.nextDeadline?.at == .seconds(702))
    }

    /// The disk has it, though nobody here knows it any more.
    @Test func oneThatFoundNoRoomHereIsSavedAtOnceToo() throws {
        let entries = try (0..<RememberedIdentifiers.limit).map {
            AuthorizationCacheDocument.Entry(idTag: try #require(IdToken("TAG-\($0)")), info: accepted)
        }
        var cache = cache(AuthorizationCacheDocument(entries: entries))
        cache.learn("NEW", accepted, at: now, .seconds(100))
        cache.learn("TAG-0", blocked, at: now, .seconds(101))
        let saved = save(&cache, at: 101)
        #expect(saved?.entries.last == .init(idTag: "TAG-0", info: blocked))
    }

    @Test func oneThatComesWhileThePermissionIsBeingSavedFollowsAtOnce() {
        var cache = cache(nil)
        cache.learn("ONE", accepted, at: now, .zero)
        _ = cache.settle(at: .seconds(600))
        cache.learn("ONE", blocked, at: now, .seconds(601))
        _ = cache.saved()
        #expect(save(&cache, at: 601) == document(("ONE", blocked)))
    }

    /// Nobody knows which of the two documents the disk has.
    @Test func aPermissionWhoseSaveFailedMayBeOnDiskAllTheSame() {
        var cache = cache(nil)
        cache.learn("ONE", accepted, at: now, .zero)
        _ = cache.settle(at: .seconds(600))
        _ = cache.saveFailed(at: .seconds(600))
        cache.learn("ONE", blocked, at: now, .seconds(601))
        #expect(save(&cache, at: 601) == document(("ONE", blocked)))
    }

    @Test func aDocumentThatNobodyCouldReadMayPermitAnybody() {
        var cache = cache(nil, isUnread: true)
        cache.learn("ONE", blocked, at: now, .seconds(1))
        #expect(save(&cache, at: 1) == document(("ONE", blocked)))
    }

    // MARK: - Who was never on disk

    /// Unknown identifiers may be allowed to charge offline (OCPP 1.6 §9.1.1): who was refused must not become one of them.
    @Test(arguments: [true, false]) func whoIsRefusedBeforeTheDiskKnowsHimIsSavedAtOnce(wasAccepted: Bool) {
        var cache = cache(nil)
        if wasAccepted { cache.learn("ONE", accepted, at: now, .seconds(100)) }
        cache.learn("ONE", blocked, at: now, .seconds(101))
        #expect(save(&cache, at: 101) == document(("ONE", blocked)))
        // The disk knows.
        cache.learn("ONE", blocked, at: now, .seconds(102))
        #expect(cache.nextDeadline == nil)
        cache.learn("ONE", accepted, at: now, .seconds(103))
        cache.learn("ONE", blocked, at: now, .seconds(104))
        #expect(cache.nextDeadline?.at == .seconds(703))
    }

    /// Nobody knows which of the two documents the disk has.
    @Test func aRefusalWhoseSaveFailedMayNotBeOnDisk() {
        var cache = cache(document(("ONE", blocked)))
        cache.learn("ONE", accepted, at: now, .zero)
        _ = cache.settle(at: .seconds(600))
        _ = cache.saveFailed(at: .seconds(600))
        cache.learn("ONE", blocked, at: now, .seconds(601))
        #expect(save(&cache, at: 601) == document(("ONE", blocked)))
    }

    /// Whoever names many strangers must not wear the flash out.
    @Test func firstRefusalsAreSavedAtOnceTenTimesAnHour() throws {
        var cache = cache(nil)
        for second in 1...HourlyWrites.refusals {
            cache.learn(try #require(IdToken("TAG-\(second)")), blocked, at: now, .seconds(second))
            #expect(save(&cache, at: second)?.entries.count == second)
        }
        cache.learn("LATE", blocked, at: now, .seconds(100))
        #expect(cache.nextDeadline?.at == .seconds(700))
        #expect(save(&cache, at: 700)?.entries.last == .init(idTag: "LATE", info: blocked))
        cache.learn("NEXT", blocked, at: now, .seconds(3601))
        #expect(cache.nextDeadline?.at == .seconds(3601))
    }

    /// A central system that accepts and blocks in turn, for hours: no revocation waits, and the flash lasts.
    @Test func theFlashIsSafeFromACentralSystemThatCannotDecide() throws {
        var cache = cache(nil)
        var onDisk = AuthorizationCacheDocument()
        var writes = 0
        let hours = 3
        for second in 1...hours * 3600 {
            let idTag = try #require(IdToken("TAG-\(second % 40)"))
            let info = (second / 40).isMultiple(of: 2) ? accepted : blocked
            cache.learn(idTag, info, at: now, .seconds(second))
            if let saved = save(&cache, at: second) {
                onDisk = saved
                writes += 1
            }
            let isPermitted = onDisk.entries.contains { $0.idTag == idTag && $0.info.status == .accepted }
            #expect(info.status == .accepted || !isPermitted, "after \(second) s")
        }
        // Those with permissions, after each of them one that takes them away at most, one every ten minutes, and those of first refusals.
        #expect(writes <= hours * (HourlyWrites.permissions + 6 * 2 + HourlyWrites.refusals))
        #expect(writes > hours * 6)
    }

    /// They go from the disk only: who is at the charger is known as before.
    @Test func whereItHappensTooOftenPermissionsLeaveTheDiskForAWhile() throws {
        let idTags = try (0...HourlyWrites.permissions).map { try #require(IdToken("TAG-\($0)")) }
        let entries = (idTags + ["GOOD"]).map { AuthorizationCacheDocument.Entry(idTag: $0, info: accepted) }
        var cache = cache(AuthorizationCacheDocument(entries: entries))
        var saved: AuthorizationCacheDocument?
        for (second, idTag) in idTags.enumerated() {
            #expect(saved?.permitsAnybody != false)
            cache.learn(idTag, blocked, at: now, .seconds(second))
            saved = save(&cache, at: second)
        }
        #expect(saved?.entries.map(\.idTag) == idTags)
        #expect(saved?.permitsAnybody == false)
        #expect(cache.info(of: "GOOD", at: now, .seconds(30)) == accepted)
        #expect(cache.nextDeadline?.at == .seconds(620))
        #expect(save(&cache, at: 620)?.permitsAnybody == false)
        #expect(cache.nextDeadline?.at == .seconds(1220))
        #expect(save(&cache, at: 3600)?.entries.contains(.init(idTag: "GOOD", info: accepted)) == true)
        #expect(cache.nextDeadline == nil)
    }
}
