import OCPP
import Primitives

/// Who may charge: only whom the central system accepted on this connection, as long as there is one.
struct AuthorizationAudit {
    /// What the central system said of an identifier on this connection.
    private enum Verdict {
        /// So often; each is good for one transaction.
        case accepted(times: Int)
        case refused
    }

    private var verdicts: [IdToken: Verdict] = [:]
    /// The identifier of each Authorize that is under way.
    private var asking: [String: IdToken] = [:]
    /// The transaction of each StartTransaction that is under way, with the time when its identifier was refused.
    private var starting: [String: String] = [:]
    private(set) var refusedAt: [String: Duration] = [:]

    /// From the refusal of a transaction to the decision to stop it.
    private static let reaction = Duration.seconds(5)

    mutating func connectionEnded() {
        verdicts = [:]
        asking = [:]
        starting = [:]
    }

    /// The gateway sends a CALL. `transaction` is what it is about.
    mutating func called(_ id: String, _ request: OCPPRequest, transaction: String?) {
        switch request {
        case .authorize(let request): asking[id] = request.idTag
        case .startTransaction: starting[id] = transaction
        default: break
        }
    }

    mutating func heard(_ message: IncomingMessage, at now: Duration) {
        switch message {
        case .callResult(let id, .authorize(let answer)):
            guard let idTag = asking.removeValue(forKey: id) else { return }
            guard answer.idTagInfo.status == .accepted else { return verdicts[idTag] = .refused }
            var times = 1
            if case .accepted(let before) = verdicts[idTag] { times += before }
            verdicts[idTag] = .accepted(times: times)
        case .callResult(let id, .startTransaction(let answer)):
            guard let transaction = starting.removeValue(forKey: id) else { return }
            // ConcurrentTx may be the echo of our own first attempt.
            let isRefused = answer.idTagInfo.status != .accepted && answer.idTagInfo.status != .concurrentTx
            refusedAt[transaction] = isRefused ? now : nil
        default: break
        }
    }

    /// A transaction begins. `isOnline` is whether the charger has been registered and undisturbed for a while.
    mutating func began(_ idTag: IdToken, isOnline: Bool) -> [String] {
        switch verdicts[idTag] {
        case .accepted(let times)?:
            verdicts[idTag] = times > 1 ? .accepted(times: times - 1) : nil
            return []
        case .refused?:
            verdicts[idTag] = nil
            return ["a transaction begins for \(idTag.text), which was refused"]
        case nil: return isOnline ? ["a transaction begins for \(idTag.text), which nobody was asked about"] : []
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
