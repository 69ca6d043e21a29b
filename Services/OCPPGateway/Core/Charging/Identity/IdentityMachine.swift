import OCPP
import Primitives

/// Who wants something, before it is decided where and whether it can be had: an identifier on its way to an answer.
struct IdentityRequest: Equatable, Sendable {
    /// Where the identifier came from.
    enum Origin: Equatable, Sendable {
        /// A card at a reader of these connectors.
        case card(connectorIds: [Int])
        /// RemoteStartTransaction (OCPP 1.6 §5.11), for one connector.
        case remote
    }

    var number: Int
    var idTag: IdToken
    var origin: Origin
    /// The connector that is meant, as far as that can be told before the answer: nobody else may begin there meanwhile.
    var connectorId: Int
    /// The central system has answered a question about it by CALLERROR, and is to be asked again. Nobody else may say yes now.
    var wasRefused = false

    /// Connectors that the person may turn to.
    var candidates: [Int] {
        switch origin {
        case .card(let connectorIds): connectorIds
        case .remote: [connectorId]
        }
    }
}

/// Knows identifiers by what the central system said of them, and asks it about the others, one after the other (OCPP 1.6 §4.1). The only
/// place that knows what is pending.
struct IdentityMachine: Equatable, Sendable {
    private struct Waiting: Equatable {
        var request: IdentityRequest
        var due: Duration
    }

    /// A question that was sent.
    private struct Sent: Equatable {
        var number: Int
        var idTag: IdToken
    }

    /// At the limit, further identifiers are refused.
    private static let limit = 8
    /// Nobody stands in front of a charger for longer without an answer.
    private static let patience = Duration.seconds(60)
    /// An answer to an older question means nothing any more.
    private static let sentLimit = 8
    /// Nobody presents a card again within this time to begin anew.
    private static let afterStop = Duration.seconds(5)

    var cache: AuthorizationCache
    private var waiting: [Waiting] = []
    /// The number of the one that was sent.
    private var asked: Int?
    /// Those whose answer may come, the newest last: late ones are learned from too.
    private var sent: [Sent] = []
    private var count = 0
    /// Cards that just stopped a transaction, until when they count as such: a second reading of the same presentation must not start the
    /// next one.
    private var recentStops: [IdToken: Duration] = [:]

    init(cache: AuthorizationCache) { self.cache = cache }

    /// A card stopped a transaction.
    mutating func stopped(_ idTag: IdToken, at uptime: Duration) {
        recentStops = recentStops.filter { $0.value > uptime }
        recentStops[idTag] = uptime + Self.afterStop
    }

    /// Whether that card stopped a transaction a moment ago.
    func hasJustStopped(_ idTag: IdToken, at uptime: Duration) -> Bool {
        recentStops[idTag].map { $0 > uptime } ?? false
    }

    var nextDeadline: Deadline? {
        earliest(
            cache.nextDeadline,
            Deadline(at: waiting.lazy.map(\.due).min(), for: "an authorization is overdue")
        )
    }

    /// What is known without asking. `time` is nil while nobody knows it.
    mutating func known(_ idTag: IdToken, at time: Timestamp?, _ uptime: Duration) -> KnownIdentifier? {
        var said: [AuthorizationRules.Source: IdTagInfo] = [:]
        said[.cache] = cache.info(of: idTag, at: time, uptime)
        return KnownIdentifier(said, isTimeKnown: time != nil)
    }

    /// A question is open about somebody who wants this connector.
    func isPending(connectorId: Int) -> Bool { waiting.contains { $0.request.connectorId == connectorId } }

    /// The same identifier is being asked about already, for one of these connectors.
    func isPending(_ idTag: IdToken, at connectorIds: [Int]) -> Bool {
        waiting.contains { $0.request.idTag == idTag && connectorIds.contains($0.request.connectorId) }
    }

    mutating func request(_ idTag: IdToken, _ origin: IdentityRequest.Origin, connectorId: Int) -> IdentityRequest {
        count += 1
        return IdentityRequest(number: count, idTag: idTag, origin: origin, connectorId: connectorId)
    }

    /// Returns false, taking nothing, at the limit.
    mutating func ask(_ request: IdentityRequest, at uptime: Duration) -> Bool {
        guard waiting.count < Self.limit else { return false }
        waiting.append(Waiting(request: request, due: uptime + Self.patience))
        return true
    }

    /// Whether `next` has a request.
    var hasNext: Bool { asked == nil && !waiting.isEmpty }

    /// The request to send now.
    mutating func next() -> IdentityRequest? {
        guard hasNext, let first = waiting.first else { return nil }
        asked = first.request.number
        sent = sent.suffix(Self.sentLimit) + [Sent(number: first.request.number, idTag: first.request.idTag)]
        return first.request
    }

    /// Whom the question with that number was about, whatever became of it meanwhile; nil for one that was answered already.
    func idTag(ofQuestion number: Int) -> IdToken? { sent.last { $0.number == number }?.idTag }

    /// The CALL with that number is over, but for an answer that may come late. Returns its request, unless it was abandoned.
    mutating func finished(_ number: Int, mayBeAnswered: Bool) -> IdentityRequest? {
        if asked == number { asked = nil }
        if !mayBeAnswered { sent.removeAll { $0.number == number } }
        guard let index = waiting.firstIndex(where: { $0.request.number == number }) else { return nil }
        return waiting.remove(at: index).request
    }

    /// The CALL with that number was answered by CALLERROR, and is to be sent again.
    mutating func askAgain(_ number: Int) {
        if asked == number { asked = nil }
        for index in waiting.indices where waiting[index].request.number == number {
            waiting[index].request.wasRefused = true
        }
    }

    /// Forgets what was asked for a connector; a late answer means nothing.
    mutating func abandon(connectorId: Int) { waiting.removeAll { $0.request.connectorId == connectorId } }

    /// Removes and returns one request that waited too long.
    mutating func popExpired(at uptime: Duration) -> IdentityRequest? {
        guard let index = waiting.firstIndex(where: { $0.due <= uptime }) else { return nil }
        return waiting.remove(at: index).request
    }

    /// The connection is gone: returns everything that waited.
    mutating func popAll() -> [IdentityRequest] {
        defer { waiting = [] }
        asked = nil
        sent = []
        return waiting.map(\.request)
    }
}
