import GatewayCore
import OCPP
import Primitives

/// What the authorization cache of a charger may permit, by what was said on the wire and what lay on its disk. Of who is permitted the charger
/// may know less, of who is refused it may not.
struct CacheMemory {
    /// What was said of an identifier.
    private struct Said {
        var info: IdTagInfo
        /// The charger may have forgotten it then; nil while it may not.
        var forgottenAt: Duration?
    }

    private var known: [IdToken: Said] = [:]
    /// Everything that was said since the last ClearCache; a disk may have no more.
    private var saidSinceClear: [IdToken: [IdTagInfo]] = [:]
    /// Whose permission was taken away and when, since a process found it on disk or since it was said last.
    private var revoked: [IdToken: Duration] = [:]
    /// Who was refused in this process and when: it saved that at once.
    private var refused: [IdToken: Duration] = [:]
    /// When something was refused, within the last hour.
    private var refusals: [Duration] = []
    /// Whom the CALLs under way name.
    private var naming: [String: IdToken] = [:]

    /// Whoever was accepted has the ConnectionTimeOut, 90 s at most, to plug in, and a meter some time to be read. That the date passed, or
    /// the cache was cleared, changes nothing for him; that he was refused does.
    private static let patience = Duration.seconds(150)
    /// So many refusals are saved at once in an hour; of more, whichever.
    private static let savedAtOnce = 10

    mutating func connectionEnded() { naming = [:] }

    /// What was heard in this moment a process may have died of hearing, before it wrote.
    mutating func processEnded(at now: Duration) {
        revoked = revoked.filter { $0.value < now }
        refused = refused.filter { $0.value < now }
    }

    mutating func called(_ id: String, _ request: OCPPRequest) {
        switch request {
        case .authorize(let request): naming[id] = request.idTag
        case .startTransaction(let request): naming[id] = request.idTag
        case .stopTransaction(let request): naming[id] = request.idTag
        default: break
        }
    }

    mutating func heard(_ message: IncomingMessage, at now: Duration) {
        // From now on the disk may have forgotten everybody, whether the process lives to say so or not.
        if case .call(_, .clearCache) = message { refused = [:] }
        if case .undecodableResult(let id, let result) = message, let idTag = naming.removeValue(forKey: id) {
            // Of what cannot be read only a refusal is remembered.
            guard let status = result.salvaged.identifier?.status, status != .accepted else { return }
            return learn(idTag, IdTagInfo(status: status), mayBeEcho: true, at: now)
        }
        guard case .callResult(let id, let confirmation) = message, let idTag = naming.removeValue(forKey: id) else {
            return
        }
        switch confirmation {
        case .authorize(let answer): learn(idTag, answer.idTagInfo, at: now)
        case .startTransaction(let answer): learn(idTag, answer.idTagInfo, mayBeEcho: true, at: now)
        case .stopTransaction(let answer):
            if let info = answer.idTagInfo { learn(idTag, info, mayBeEcho: true, at: now) }
        default: break
        }
    }

    /// ConcurrentTx may be the echo of our own first attempt, of which a charger need not take notice.
    private mutating func learn(_ idTag: IdToken, _ info: IdTagInfo, mayBeEcho: Bool = false, at now: Duration) {
        if saidSinceClear[idTag]?.contains(info) != true { saidSinceClear[idTag, default: []].append(info) }
        switch info.status {
        case .accepted:
            revoked[idTag] = nil
            refused[idTag] = nil
        case .concurrentTx where mayBeEcho:
            if let said = known[idTag] { known[idTag]?.forgottenAt = said.forgottenAt ?? now }
            return
        // A later answer of its own transaction may be an echo: nothing is demanded of the disk.
        case .concurrentTx: break
        case .blocked, .expired, .invalid:
            revoked[idTag] = now
            refused[idTag] = now
            refusals = refusals.filter { $0 + .seconds(3600) > now } + [now]
        }
        known[idTag] = Said(info: info, forgottenAt: nil)
    }

    /// ClearCache was answered Accepted.
    mutating func cleared(at now: Duration) {
        saidSinceClear = [:]
        refused = [:]
        for (idTag, said) in known { known[idTag]?.forgottenAt = said.forgottenAt ?? now }
    }

    /// A process found this on its disk, and knows nothing else. `wasRefused` tells that the last save before was not acknowledged, so that
    /// what was heard since may not be there.
    mutating func found(
        _ document: AuthorizationCacheDocument,
        wasRefused: Bool,
        at now: Duration
    ) -> [String] {
        // Nobody waits for a plug any more.
        known = [:]
        var problems: [String] = []
        for entry in document.entries {
            let said = saidSinceClear[entry.idTag] ?? []
            let wasSaid = said.contains { info in
                var expired = info
                expired.status = .expired
                return entry.info == info || info.status == .accepted && info.expiryDate != nil && entry.info == expired
            }
            if !wasSaid { problems.append("the cache on disk has \(entry), said was \(said)") }
            known[entry.idTag] = Said(info: entry.info, forgottenAt: nil)
            guard entry.info.status == .accepted else { continue }
            let isBack = revoked.removeValue(forKey: entry.idTag) != nil
            if isBack, !wasRefused { problems.append("the cache on disk permits \(entry.idTag), which was revoked") }
        }
        if !wasRefused, refusals.count <= Self.savedAtOnce {
            for (idTag, at) in refused where known[idTag] == nil {
                problems.append("the cache on disk does not know \(idTag), which was refused at \(at)")
            }
        }
        refused = [:]
        return problems
    }

    /// `mayUnknown` tells whether whom the charger does not know may charge now. `clockTolerance` is how far the charger's clock may be off;
    /// nil when that is not known.
    func allows(_ idTag: IdToken, mayUnknown: Bool, clockTolerance: Duration?, at now: Duration) -> Bool {
        guard let said = known[idTag] else { return mayUnknown }
        if let forgottenAt = said.forgottenAt, mayUnknown || now > forgottenAt + Self.patience { return mayUnknown }
        guard said.info.status == .accepted else { return false }
        guard let expiryDate = said.info.expiryDate, let clockTolerance else { return true }
        return MachineClock.firstUtc.advanced(by: now) <= expiryDate.advanced(by: clockTolerance + Self.patience)
    }
}
