import GatewayCore
import OCPP
import Primitives

/// What the authorization cache of a charger may permit, by what was said on the wire and what lay on its disk. The charger may know less.
///
/// These worlds forbid unknown identifiers to charge offline: whoever begins without having been asked about is in here.
struct CacheMemory {
    /// What was said of an identifier.
    private struct Said {
        var info: IdTagInfo
        /// Until then it counted as accepted; nil while it still does.
        var acceptedUntil: Duration?
    }

    private var known: [IdToken: Said] = [:]
    /// Everything that was said since the last ClearCache; a disk may have no more.
    private var saidSinceClear: [IdToken: [IdTagInfo]] = [:]
    /// Whose permission was taken away and when, since a process found it on disk or since it was said last.
    private var revoked: [IdToken: Duration] = [:]
    /// Whom the CALLs under way name.
    private var naming: [String: IdToken] = [:]

    /// Whoever was accepted has the ConnectionTimeOut, 90 s at most, to plug in, and a meter some time to be read.
    private static let patience = Duration.seconds(150)

    /// What was heard in this moment a process may have died of hearing, before it wrote.
    mutating func connectionEnded(at now: Duration) {
        naming = [:]
        revoked = revoked.filter { $0.value < now }
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
        guard case .callResult(let id, let confirmation) = message, let idTag = naming.removeValue(forKey: id) else {
            return
        }
        switch confirmation {
        case .authorize(let answer): learn(idTag, answer.idTagInfo, at: now)
        case .startTransaction(let answer): learn(idTag, answer.idTagInfo, at: now)
        case .stopTransaction(let answer): if let info = answer.idTagInfo { learn(idTag, info, at: now) }
        default: break
        }
    }

    private mutating func learn(_ idTag: IdToken, _ info: IdTagInfo, at now: Duration) {
        let wasAccepted = known[idTag].map { $0.acceptedUntil == nil } ?? false
        let before = wasAccepted ? now : known[idTag]?.acceptedUntil ?? .zero - Self.patience
        known[idTag] = Said(info: info, acceptedUntil: info.status == .accepted ? nil : before)
        switch info.status {
        case .accepted: revoked[idTag] = nil
        // It may be the echo of our own first attempt.
        case .concurrentTx: break
        case .blocked, .expired, .invalid: revoked[idTag] = now
        }
        if saidSinceClear[idTag]?.contains(info) != true { saidSinceClear[idTag, default: []].append(info) }
    }

    /// ClearCache was answered Accepted.
    mutating func cleared(at now: Duration) {
        saidSinceClear = [:]
        forgetAll(at: now)
    }

    private mutating func forgetAll(at now: Duration) {
        for (idTag, said) in known { known[idTag]?.acceptedUntil = said.acceptedUntil ?? now }
    }

    /// A process found this on its disk, and knows nothing else. `wasRefused` tells that the last save before was not acknowledged, so that
    /// what was heard since may not be there.
    mutating func found(
        _ document: AuthorizationCacheDocument,
        wasRefused: Bool,
        at now: Duration
    ) -> [String] {
        forgetAll(at: now)
        var problems: [String] = []
        for entry in document.entries {
            let said = saidSinceClear[entry.idTag] ?? []
            let wasSaid = said.contains { info in
                var expired = info
                expired.status = .expired
                return entry.info == info || info.status == .accepted && info.expiryDate != nil && entry.info == expired
            }
            if !wasSaid { problems.append("the cache on disk has \(entry), said was \(said)") }
            guard entry.info.status == .accepted else { continue }
            known[entry.idTag] = Said(info: entry.info, acceptedUntil: nil)
            let isBack = revoked.removeValue(forKey: entry.idTag) != nil
            if isBack, !wasRefused { problems.append("the cache on disk permits \(entry.idTag), which was revoked") }
        }
        return problems
    }

    /// `clockTolerance` is how far the charger's clock may be off; nil when that is not known.
    func allows(_ idTag: IdToken, clockTolerance: Duration?, at now: Duration) -> Bool {
        guard let said = known[idTag] else { return false }
        guard said.acceptedUntil.map({ now <= $0 + Self.patience }) ?? true else { return false }
        guard let expiryDate = said.info.expiryDate, let clockTolerance else { return true }
        return MachineClock.firstUtc.advanced(by: now) <= expiryDate.advanced(by: clockTolerance + Self.patience)
    }
}
