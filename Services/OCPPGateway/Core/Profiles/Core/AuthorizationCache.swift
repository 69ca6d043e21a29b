import OCPP
import Primitives

/// The authorization cache (OCPP 1.6 §3.5.1): what it knows, whether it is in use, and when that is brought to disk.
///
/// One that is switched off is empty: nothing tells it what changes meanwhile, and what it knew might be wrong when it is switched on again.
/// Until the disk has forgotten too it learns nothing, even when it was switched on again.
///
/// Flash: what is learned is saved ten minutes later together with whatever else was learned by then. That somebody lost a permission which
/// the disk may hold is saved at once: after a power cut without a connection nobody else would refuse him. Where that happens too often,
/// all permissions leave the disk with it, for ten minutes or more, and then nothing can be lost there. That somebody was refused of whom the
/// disk knows nothing is saved at once too, ten times an hour: offline, unknown identifiers may be allowed to charge (§9.1.1). ClearCache is
/// written only where the disk may hold somebody: at most once for each time that it was given somebody to hold.
struct AuthorizationCache: Equatable, Sendable {
    /// What is to be done.
    struct Orders: Equatable, Sendable {
        /// ClearCache: the ids of the CALLs, with their answers.
        var answers: [Answer] = []
        /// To be saved; `saved` or `saveFailed` follows.
        var save: AuthorizationCacheDocument?
    }

    /// Of a ClearCache.
    struct Answer: Equatable, Sendable {
        var callId: String
        var status: ClearCacheStatus
    }

    private enum Keeping: Equatable {
        /// The file says what is known here. Next: due, clearing.
        case kept
        /// Nobody knows what the file says, and it stays until there is something better. Next: due, clearing.
        case unread
        /// The file lags behind, until `at`. Next: saving, clearing.
        case due(at: Duration)
        /// What was known is being written. `due` is when what was learned since is to be saved. Next: kept, due.
        case saving(due: Duration?)
        /// An empty document is being written; what is known goes with it. Next: kept, due.
        case clearing
    }

    static let saveAfter = Duration.seconds(600)
    private static let firstRetryAfter = Duration.seconds(5)
    private static let longestRetryAfter = Duration.seconds(320)

    private(set) var isEnabled: Bool
    private var identifiers: RememberedIdentifiers
    private var keeping: Keeping
    /// It was switched off, and the disk has not forgotten yet.
    private(set) var isForgetting = false
    private var onDisk: VerdictsOnDisk
    private var permissionWrites = HourlyWrites(limit: HourlyWrites.permissions)
    private var refusalWrites = HourlyWrites(limit: HourlyWrites.refusals)
    /// The document on disk may name somebody.
    private var mayDiskName: Bool
    /// How long the next failure waits; it doubles with each.
    private var retryAfter = Self.firstRetryAfter
    /// The disk refused, and is not tried again before.
    private var refusedUntil = Duration.zero
    /// ClearCaches without an answer, by the ids of their CALLs.
    private var clears: [String] = []

    /// - Parameters:
    ///   - document: What was found on disk, if there was any.
    ///   - isUnread: There is a document that the device cannot read.
    ///   - isEnabled: The key `AuthorizationCacheEnabled`.
    init(_ document: AuthorizationCacheDocument?, isUnread: Bool = false, isEnabled: Bool) {
        self.isEnabled = isEnabled
        // What the device cannot read may be newer than what it can: nothing of it counts.
        let found = isUnread ? nil : document
        identifiers = RememberedIdentifiers(found ?? AuthorizationCacheDocument())
        onDisk = VerdictsOnDisk(isUnread ? nil : document ?? AuthorizationCacheDocument())
        keeping = isUnread ? .unread : .kept
        mayDiskName = isUnread || document?.entries.isEmpty == false
        if !isEnabled { empty(at: .zero) }
    }

    // MARK: - What is known

    /// The newest word of the central system on an identifier; nil when it has said none. `now` is nil while nobody knows the time.
    mutating func info(of idTag: IdToken, at now: Timestamp?, _ uptime: Duration) -> IdTagInfo? {
        if identifiers.expire(at: now) { schedule(at: uptime + Self.saveAfter) }
        return identifiers[idTag]
    }

    /// The central system said something of an identifier.
    mutating func learn(_ idTag: IdToken, _ info: IdTagInfo, at now: Timestamp?, _ uptime: Duration) {
        guard isEnabled, !isForgetting else { return }
        let isNews = identifiers.learn(idTag, info, at: now)
        if isNews { schedule(at: uptime + Self.saveAfter) }
        guard info.status != .accepted else { return }
        if onDisk.mayPermit(idTag) || isNews && !onDisk.refuses(idTag) && refusalWrites.take(at: uptime) {
            schedule(at: uptime)
        }
    }

    /// The key was set.
    mutating func setEnabled(_ isEnabled: Bool, at uptime: Duration) {
        self.isEnabled = isEnabled
        if !isEnabled { empty(at: uptime) }
    }

    private mutating func empty(at uptime: Duration) {
        guard !identifiers.isEmpty || keeping != .kept else { return }
        identifiers = RememberedIdentifiers()
        guard mayDiskName || isSaving else {
            keeping = .kept
            return
        }
        isForgetting = true
        schedule(at: uptime)
    }

    // MARK: - ClearCache

    /// ClearCache (OCPP 1.6 §5.4), enabled or not. It is answered when the disk has forgotten everything.
    mutating func clear(callId: String) { clears.append(callId) }

    // MARK: - Saving

    var nextDeadline: Deadline? {
        guard case .due(let at) = keeping else { return nil }
        return Deadline(at: at, for: "the authorization cache is saved")
    }

    /// The program may end: what waits is saved now.
    mutating func hurry(at uptime: Duration) {
        if case .due = keeping { keeping = .due(at: uptime) }
    }

    /// What is to be done by now; to be asked after everything that may have changed something.
    mutating func settle(at uptime: Duration) -> Orders {
        guard !isSaving else { return Orders() }
        guard clears.isEmpty else { return settleClears(at: uptime) }
        guard case .due(let at) = keeping, at <= uptime else { return Orders() }
        guard !isForgetting else { return orderEmpty() }
        let all = identifiers.document
        let isWithin = !all.permitsAnybody || permissionWrites.take(at: uptime)
        keeping = .saving(due: isWithin ? nil : uptime + Self.saveAfter)
        return order(isWithin ? all : all.withoutPermissions)
    }

    private mutating func settleClears(at uptime: Duration) -> Orders {
        guard mayDiskName, keeping != .kept || !identifiers.isEmpty else {
            forgotten()
            return Orders(answers: answerClears(.accepted))
        }
        guard refusedUntil <= uptime else { return Orders(answers: answerClears(.rejected)) }
        return orderEmpty()
    }

    /// Nobody is known any more, here or on disk.
    private mutating func forgotten() {
        identifiers = RememberedIdentifiers()
        isForgetting = false
        keeping = .kept
    }

    private mutating func orderEmpty() -> Orders {
        keeping = .clearing
        return order(AuthorizationCacheDocument())
    }

    private mutating func order(_ document: AuthorizationCacheDocument) -> Orders {
        onDisk.order(document)
        if !document.entries.isEmpty { mayDiskName = true }
        return Orders(save: document)
    }

    /// The document is on disk.
    mutating func saved() -> Orders {
        guard isSaving else { return Orders() }
        retryAfter = Self.firstRetryAfter
        refusedUntil = .zero
        onDisk.saved()
        switch keeping {
        case .kept, .unread, .due: return Orders()
        case .saving(let due):
            keeping = due.map { .due(at: $0) } ?? .kept
            return Orders()
        case .clearing:
            mayDiskName = false
            forgotten()
            return Orders(answers: answerClears(.accepted))
        }
    }

    /// The document could not be saved. What is known stays as it was, and is written again, because nobody knows what the disk holds.
    mutating func saveFailed(at uptime: Duration) -> Orders {
        guard isSaving else { return Orders() }
        let wasClearing = keeping == .clearing
        refusedUntil = uptime + retryAfter
        keeping = .due(at: refusedUntil)
        retryAfter = min(retryAfter * 2, Self.longestRetryAfter)
        return Orders(answers: wasClearing ? answerClears(.rejected) : [])
    }

    private mutating func answerClears(_ status: ClearCacheStatus) -> [Answer] {
        defer { clears = [] }
        return clears.map { Answer(callId: $0, status: status) }
    }

    // MARK: - Parts

    private var isSaving: Bool {
        switch keeping {
        case .kept, .unread, .due: false
        case .saving, .clearing: true
        }
    }

    /// Has it saved then, or before, if that was so already.
    private mutating func schedule(at uptime: Duration) {
        switch keeping {
        case .kept, .unread: keeping = .due(at: uptime)
        case .due(let earlier): keeping = .due(at: min(earlier, uptime))
        case .saving(let earlier): keeping = .saving(due: min(earlier ?? uptime, uptime))
        // It will be gone with the rest.
        case .clearing: break
        }
    }
}
