import OCPP

/// Whom the document on disk may call Accepted, and whom it refuses for certain, whatever is known by now: what a process finds that begins
/// after a kill or a power cut.
struct VerdictsOnDisk: Equatable, Sendable {
    /// Who is Accepted by the last document that is known to be there, and by those of which nobody knows; nil when there is one that nobody
    /// could read.
    private var permitted: Set<IdToken>?
    /// Who is refused by all of them.
    private var refused: Set<IdToken>
    /// The one that was ordered last.
    private var ordered = AuthorizationCacheDocument()

    /// - Parameter document: The one on disk, empty when there is none; nil when it could not be read.
    init(_ document: AuthorizationCacheDocument?) {
        permitted = document?.permitted
        refused = document?.refused ?? []
    }

    func mayPermit(_ idTag: IdToken) -> Bool { permitted?.contains(idTag) ?? true }

    func refuses(_ idTag: IdToken) -> Bool { refused.contains(idTag) }

    /// A document is to be saved. The one before may be there or not, if it was not `saved`.
    mutating func order(_ document: AuthorizationCacheDocument) {
        permitted?.formUnion(document.permitted)
        refused.formIntersection(document.refused)
        ordered = document
    }

    /// The document that was ordered last is the one on disk.
    mutating func saved() {
        permitted = ordered.permitted
        refused = ordered.refused
        ordered = AuthorizationCacheDocument()
    }
}

extension AuthorizationCacheDocument {
    fileprivate var permitted: Set<IdToken> {
        Set(entries.lazy.filter { $0.info.status == .accepted }.map(\.idTag))
    }

    fileprivate var refused: Set<IdToken> {
        Set(entries.lazy.filter { $0.info.status != .accepted }.map(\.idTag))
    }
}

/// How often in an hour something may be written to flash.
struct HourlyWrites: Equatable, Sendable {
    /// Of permissions: far more than people lose theirs at one charger; of 25 kB each, all day long, that is 12 MB.
    static let permissions = 20
    /// Of what was refused and was not on disk: so few that they and the writes every ten minutes leave the permissions theirs.
    static let refusals = 10

    private let limit: Int
    private var hourEnds = Duration.zero
    private var left = 0

    init(limit: Int) { self.limit = limit }

    /// Returns false when there were enough of them in this hour.
    mutating func take(at uptime: Duration) -> Bool {
        if uptime >= hourEnds {
            hourEnds = uptime + .seconds(3600)
            left = limit
        }
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
