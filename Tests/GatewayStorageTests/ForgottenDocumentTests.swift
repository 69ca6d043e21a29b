import GatewayCore
import GatewayStorage
import OCPP
import Primitives
import SimulatedDisk
import Storage
import Testing

/// What a document says that replaces another is meant to replace it for good.
@Suite struct ForgottenDocumentTests {
    private let disk = SimulatedDisk(seed: 1)

    private func files() -> DocumentFiles { DocumentFiles(directory: "/state", files: disk) { _ in } }

    /// After a ClearCache, or when a card was blocked: a damaged file must not bring back the one before.
    @Test func nothingStandsInForADamagedAuthorizationCache() {
        let entry = AuthorizationCacheDocument.Entry(idTag: "CARD", info: IdTagInfo(status: .accepted))
        _ = files().save(AnyDocument(AuthorizationCacheDocument(entries: [entry])), at: .zero)
        #expect(files().load()[AuthorizationCacheDocument.self]?.entries == [entry])
        _ = files().save(AnyDocument(AuthorizationCacheDocument()), at: .zero)
        #expect(disk.contents("/state/authorization-cache.previous") == nil)
        disk.put("/state/authorization-cache", [UInt8]("damaged".utf8))
        #expect(files().load()[AuthorizationCacheDocument.self] == nil)
    }
}
