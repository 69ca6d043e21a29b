import GatewayCore
import OCPP
import Primitives

/// Who may charge: only whom the central system accepted on this connection, as long as there is one; where the authorization cache is on,
/// also whom it accepted before, until it said otherwise, the date passed or the cache was cleared, and nobody else.
struct AuthorizationAudit {
    /// What the central system said of an identifier on this connection.
    private enum Verdict {
        /// So often; each is good for one transaction.
        case accepted(times: Int)
        case refused
    }

    private var verdicts: [IdToken: Verdict] = [:]
    /// The identifier of each Authorize, StartTransaction and StopTransaction that is under way.
    private var naming: [String: IdToken] = [:]
    /// The transaction of each StartTransaction that is under way, with the time when its identifier was refused.
    private var starting: [String: String] = [:]
    private(set) var refusedAt: [String: Duration] = [:]

    /// What the charger may remember; nil where its cache is off.
    private(set) var memory: CacheMemory?
    /// Offline, whom it does not know.
    private let allowsUnknown: Bool

    /// From the refusal of a transaction to the decision to stop it.
    private static let reaction = Duration.seconds(5)

    init(_ settings: WorldSettings) {
        memory = settings.keys["AuthorizationCacheEnabled"] == "true" ? CacheMemory() : nil
        allowsUnknown = settings.keys["AllowOfflineTxForUnknownId"] != "false"
    }

    mutating func connectionEnded() {
        verdicts = [:]
        naming = [:]
        starting = [:]
        memory?.connectionEnded()
    }

    mutating func processEnded(at now: Duration) { memory?.processEnded(at: now) }

    /// A process found this on its disk. `wasRefused` tells that the last save before was not acknowledged.
    mutating func found(
        _ document: AuthorizationCacheDocument,
        wasRefused: Bool,
        at now: Duration
    ) -> [String] {
        memory?.found(document, wasRefused: wasRefused, at: now) ?? []
    }

    /// ClearCache was answered Accepted.
    mutating func cleared(at now: Duration) { memory?.cleared(at: now) }

    /// The gateway sends a CALL. `transaction` is what it is about.
    mutating func called(_ id: String, _ request: OCPPRequest, transaction: String?) {
        memory?.called(id, request)
        switch request {
        case .authorize(let request): naming[id] = request.idTag
        case .startTransaction(let request):
            naming[id] = request.idTag
            starting[id] = transaction
        case .stopTransaction(let request): naming[id] = request.idTag
        default: break
        }
    }

    mutating func heard(_ message: IncomingMessage, at now: Duration) {
        memory?.heard(message, at: now)
        switch message {
        case .callResult(let id, .authorize(let answer)):
            guard let idTag = naming.removeValue(forKey: id) else { return }
            guard answer.idTagInfo.status == .accepted else { return verdicts[idTag] = .refused }
            var times = 1
            if case .accepted(let before) = verdicts[idTag] { times += before }
            verdicts[idTag] = .accepted(times: times)
        case .callResult(let id, .startTransaction(let answer)):
            let isRefused = hearRefusal(id, answer.idTagInfo)
            guard let transaction = starting.removeValue(forKey: id) else { return }
            refusedAt[transaction] = isRefused ? now : nil
        case .callResult(let id, .stopTransaction(let answer)): _ = hearRefusal(id, answer.idTagInfo)
        case .undecodableResult(let id, let result):
            // Whatever else is in it: a status that is not Accepted refuses, one of a spelling of its own too.
            let isRefused = hearRefusal(id, result.salvaged.identifier?.status.map { IdTagInfo(status: $0) })
            guard let transaction = starting.removeValue(forKey: id), isRefused else { return }
            refusedAt[transaction] = now
        default: break
        }
    }

    /// An answer about a transaction says whether its identifier is good. Whoever was accepted before and has begun nothing yet is not any
    /// more when it is not. Returns whether it is refused.
    private mutating func hearRefusal(_ id: String, _ info: IdTagInfo?) -> Bool {
        // ConcurrentTx may be the echo of our own first attempt.
        let isRefused = info.map { $0.status != .accepted && $0.status != .concurrentTx } ?? false
        if let idTag = naming.removeValue(forKey: id), isRefused, verdicts[idTag] != nil { verdicts[idTag] = .refused }
        return isRefused
    }

    /// A transaction begins. `isOnline` is whether the charger has been registered and undisturbed for a while.
    mutating func began(_ idTag: IdToken, isOnline: Bool, clockTolerance: Duration?, at now: Duration) -> [String] {
        switch verdicts[idTag] {
        case .accepted(let times)?:
            verdicts[idTag] = times > 1 ? .accepted(times: times - 1) : nil
            return []
        case .refused?:
            verdicts[idTag] = nil
            return ["a transaction begins for \(idTag.text), which was refused"]
        case nil:
            guard let memory else {
                return isOnline ? ["a transaction begins for \(idTag.text), which nobody was asked about"] : []
            }
            let mayUnknown = allowsUnknown && !isOnline
            let isAllowed = memory.allows(idTag, mayUnknown: mayUnknown, clockTolerance: clockTolerance, at: now)
            return isAllowed ? [] : ["a transaction begins for \(idTag.text), which no cache can know as accepted"]
        }
    }

    /// A transaction of a refused identifier goes on. Asked for those whose end is not decided.
    func problem(of transaction: String, _ calm: Calm, at now: Duration) -> String? {
        guard let refusal = refusedAt[transaction], now > refusal + Self.reaction, calm.lasts(since: refusal) else {
            return nil
        }
        return "\(transaction) goes on, its identifier was refused at \(refusal)"
    }
}
