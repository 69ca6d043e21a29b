public import OCPP

/// What the authorization cache knows, across restarts, resets and power cuts (OCPP 1.6 §3.5.1, E §3.4).
public struct AuthorizationCacheDocument: Document {
    public static let name = "authorization-cache"
    public static let magic = "ocpp-authorization-cache"
    public static let formatVersion: UInt16 = 1
    /// What was there before a ClearCache, or before a card was blocked, must not come back.
    public static let keepsPrevious = false

    /// An identifier with what the central system said of it last.
    public struct Entry: Codable, Equatable, Sendable {
        public var idTag: IdToken
        public var info: IdTagInfo

        public init(idTag: IdToken, info: IdTagInfo) {
            self.idTag = idTag
            self.info = info
        }
    }

    /// The one that was heard of longest ago comes first. No identifier stands there twice.
    public var entries: [Entry]

    public init(entries: [Entry] = []) { self.entries = entries }

    var permitsAnybody: Bool { entries.contains { $0.info.status == .accepted } }

    /// Only who is refused.
    var withoutPermissions: AuthorizationCacheDocument {
        AuthorizationCacheDocument(entries: entries.filter { $0.info.status != .accepted })
    }
}
