import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// OCPP 1.6 §9.1.2, §7.22: a cache that was switched off is switched on again when the disk has forgotten what it knew before.
@Suite struct CacheSwitchTests {
    private static func online(_ cached: AuthorizationCacheDocument) throws -> GatewayBench {
        var documents = Documents()
        documents.add(AnyDocument(cached))
        var bench = try GatewayBench(documents: documents)
        bench.start()
        bench.hearStore()
        bench.register()
        return bench
    }

    private static let cached = AuthorizationCacheDocument(
        entries: [.init(idTag: "CARD", info: IdTagInfo(status: .accepted))]
    )

    private func isStored(_ value: CiString500, key: CiString50, _ bench: inout GatewayBench) -> Bool {
        let effects = bench.ask(.changeConfiguration(.init(key: key, value: value)))
        let isStored = effects.contains { if case .store = $0 { true } else { false } }
        #expect(effects.answers == (isStored ? [] : [.changeConfiguration(.init(status: .rejected))]))
        return isStored
    }

    @Test func whileTheDiskRemembersTheCacheIsNotSwitchedOn() throws {
        var bench = try Self.online(Self.cached)
        bench.feed(.saveFailed(document: AuthorizationCacheDocument.name, reason: "full"))
        #expect(!isStored("true", key: "AuthorizationCacheEnabled", &bench))
        #expect(!isStored("TRUE", key: "authorizationcacheenabled", &bench))
        #expect(isStored("false", key: "AuthorizationCacheEnabled", &bench))
    }

    @Test func onceTheDiskHasForgottenItIs() throws {
        var bench = try Self.online(Self.cached)
        bench.feed(.saved(document: AuthorizationCacheDocument.name))
        #expect(isStored("true", key: "AuthorizationCacheEnabled", &bench))
    }

    @Test func aDiskThatHasNothingToForgetIsNotWaitedFor() throws {
        var bench = try Self.online(AuthorizationCacheDocument())
        #expect(isStored("true", key: "AuthorizationCacheEnabled", &bench))
    }
}
