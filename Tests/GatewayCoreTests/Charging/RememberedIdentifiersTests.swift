import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct RememberedIdentifiersTests {
    private let now = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)

    private func tag(_ number: Int) throws -> IdToken { try #require(IdToken("TAG-\(number)")) }

    /// So many, of which every third is blocked.
    private func filled(_ count: Int = RememberedIdentifiers.limit) throws -> RememberedIdentifiers {
        var identifiers = RememberedIdentifiers()
        for number in 0..<count {
            let status: AuthorizationStatus = number.isMultiple(of: 3) ? .blocked : .accepted
            _ = identifiers.learn(try tag(number), IdTagInfo(status: status), at: now)
        }
        return identifiers
    }

    /// OCPP 1.6 §3.5.1: valid and not valid.
    @Test func everyIdentifierIsRememberedValidOrNot() throws {
        var identifiers = RememberedIdentifiers()
        for status in [AuthorizationStatus.accepted, .blocked, .expired, .invalid, .concurrentTx] {
            let idTag = try #require(IdToken(status.rawValue))
            let change = identifiers.learn(idTag, IdTagInfo(status: status), at: now)
            #expect(change)
            #expect(identifiers[idTag]?.status == status)
        }
        #expect(identifiers["aCCepted"]?.status == .accepted)
        #expect(identifiers["OTHER"] == nil)
    }

    /// OCPP 1.6 §3.5.1.
    @Test func aNewWordReplacesTheOldOneAsAWhole() {
        var identifiers = RememberedIdentifiers()
        let first = IdTagInfo(expiryDate: now, parentIdTag: "FAMILY", status: .blocked)
        _ = identifiers.learn("CARD", first, at: now)
        let change = identifiers.learn("CARD", IdTagInfo(status: .accepted), at: now)
        #expect(change)
        #expect(identifiers["CARD"] == IdTagInfo(status: .accepted))
    }

    @Test func theSameWordAgainChangesNothingThatIsWorthAWrite() {
        var identifiers = RememberedIdentifiers()
        _ = identifiers.learn("CARD", IdTagInfo(status: .accepted), at: now)
        let again = identifiers.learn("CARD", IdTagInfo(status: .accepted), at: now)
        #expect(!again)
        let revoked = identifiers.learn("CARD", IdTagInfo(status: .blocked), at: now)
        #expect(revoked)
        let other = identifiers.learn("CARD", IdTagInfo(status: .invalid), at: now)
        #expect(other)
    }

    // Shows: CORE-AUTH-20
    /// OCPP 1.6 §3.5.1, §7.27: changed to expired in the cache; a clock that goes back does not make it valid again.
    @Test func whatExpiresStaysExpired() {
        var identifiers = RememberedIdentifiers()
        let info = IdTagInfo(expiryDate: now.advanced(by: .seconds(60)), status: .accepted)
        _ = identifiers.learn("CARD", info, at: now)
        _ = identifiers.learn("ENDLESS", IdTagInfo(status: .accepted), at: now)
        let early = identifiers.expire(at: now.advanced(by: .milliseconds(59_999)))
        #expect(!early)
        let unknownTime = identifiers.expire(at: nil)
        #expect(!unknownTime)
        let change = identifiers.expire(at: now.advanced(by: .seconds(60)))
        #expect(change)
        let back = identifiers.expire(at: now)
        #expect(!back)
        #expect(identifiers["CARD"]?.status == .expired)
        #expect(identifiers["ENDLESS"]?.status == .accepted)
    }

    // Shows: CORE-AUTH-24
    /// OCPP 1.6 §3.5.1: those that are not valid first.
    @Test func aFullCacheForgetsWhatIsNotValid() throws {
        var identifiers = try filled()
        _ = identifiers.learn("NEW", IdTagInfo(status: .accepted), at: now)
        let kept = identifiers.document.entries
        #expect(kept.allSatisfy { $0.info.status == .accepted })
        #expect(kept.count == (0..<RememberedIdentifiers.limit).filter { !$0.isMultiple(of: 3) }.count + 1)
        #expect(kept.last?.idTag == "NEW")
    }

    // Shows: CORE-AUTH-24
    /// OCPP 1.6 §3.5.1: then the oldest valid one. Heard of again, an identifier is not old any more.
    @Test func aFullCacheOfValidIdentifiersForgetsTheOldest() throws {
        var identifiers = RememberedIdentifiers()
        for number in 0..<RememberedIdentifiers.limit {
            _ = identifiers.learn(try tag(number), IdTagInfo(status: .accepted), at: now)
        }
        _ = identifiers.learn(try tag(0), IdTagInfo(status: .accepted), at: now)
        _ = identifiers.learn("NEW", IdTagInfo(status: .blocked), at: now)
        #expect(identifiers.document.entries.count == RememberedIdentifiers.limit)
        #expect(identifiers[try tag(0)] != nil)
        #expect(identifiers[try tag(1)] == nil)
        // A stranger who presents one invented card after the other drives out one identifier, not all of them.
        for number in 1000..<1500 { _ = identifiers.learn(try tag(number), IdTagInfo(status: .invalid), at: now) }
        #expect(identifiers[try tag(2)] != nil)
        #expect(identifiers.document.entries.count == RememberedIdentifiers.limit)
    }

    /// One whose date has passed is not valid, whatever it was when it was said.
    @Test func whatHasExpiredMakesRoom() throws {
        var identifiers = RememberedIdentifiers()
        for number in 0..<RememberedIdentifiers.limit {
            let date = number == 7 ? now.advanced(by: .seconds(1)) : nil
            _ = identifiers.learn(try tag(number), IdTagInfo(expiryDate: date, status: .accepted), at: now)
        }
        _ = identifiers.learn("NEW", IdTagInfo(status: .accepted), at: now.advanced(by: .seconds(2)))
        #expect(identifiers[try tag(7)] == nil)
        #expect(identifiers[try tag(0)] != nil)
    }

    @Test func aDocumentBringsEverythingBackInItsOrder() throws {
        let identifiers = try filled(20)
        var copy = RememberedIdentifiers(identifiers.document)
        #expect(copy.document == identifiers.document)
        _ = copy.learn(try tag(0), IdTagInfo(status: .accepted), at: now)
        #expect(copy.document.entries.last?.idTag == (try tag(0)))
    }

    @Test func aDocumentWithMoreThanFitsBringsTheNewest() throws {
        let entries = try (0..<RememberedIdentifiers.limit + 5).map {
            AuthorizationCacheDocument.Entry(idTag: try tag($0), info: IdTagInfo(status: .accepted))
        }
        let identifiers = RememberedIdentifiers(AuthorizationCacheDocument(entries: entries))
        #expect(identifiers.document.entries.count == RememberedIdentifiers.limit)
        #expect(identifiers[try tag(4)] == nil)
        #expect(identifiers[try tag(5)] != nil)
    }
}
