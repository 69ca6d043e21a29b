import OCPP

/// Whom the document on disk may call Accepted, whatever is known by now: what a process finds that begins after a kill or a power cut.
struct PermittedOnDisk: Equatable, Sendable {
    /// By the last document that is known to be there, and by those of which nobody knows; nil when there is one that nobody could read.
    private var kept: Set<IdToken>?
    /// By the one that was ordered last.
    private var ordered: Set<IdToken> = []

    /// - Parameter document: The one on disk, empty when there is none; nil when it could not be read.
    init(_ document: AuthorizationCacheDocument?) { kept = document.map(Self.permitted) }

    func contains(_ idTag: IdToken) -> Bool {
        guard let kept else { return true }
        return kept.contains(idTag) || ordered.contains(idTag)
    }

    /// A document is to be saved. The one before may be there or not, if it was not `saved`.
    mutating func order(_ document: AuthorizationCacheDocument) {
        kept?.formUnion(ordered)
        ordered = Self.permitted(document)
    }

    /// The document that was ordered last is the one on disk.
    mutating func saved() {
        kept = ordered
        ordered = []
    }

    private static func permitted(_ document: AuthorizationCacheDocument) -> Set<IdToken> {
        Set(document.entries.lazy.filter { $0.info.status == .accepted }.map(\.idTag))
    }
}

/// How often in an hour permissions are written to flash.
struct PermissionWrites: Equatable, Sendable {
    /// Far more than people lose their permission at one charger; of 25 kB each, all day long, that is 12 MB.
    static let hourlyLimit = 20

    private var hourEnds = Duration.zero
    private var left = 0

    /// Returns false when there were enough of them in this hour.
    mutating func take(at uptime: Duration) -> Bool {
        if uptime >= hourEnds {
            hourEnds = uptime + .seconds(3600)
            left = Self.hourlyLimit
        }
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
