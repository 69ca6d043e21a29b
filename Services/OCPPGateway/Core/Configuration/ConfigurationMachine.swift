public import BusSchema
public import OCPP
public import Primitives

/// The values in force, and what GetConfiguration and ChangeConfiguration do with them (OCPP 1.6 §5.3, §5.8).
///
/// The config store is the one who keeps values. This machine answers reads from memory, checks a change by its own table first,
/// has the store make it durable, and answers then. Without the store nothing can be changed, and everything else goes on.
public struct ConfigurationMachine: Sendable {
    public enum Effect: Equatable, Sendable {
        /// Tell the store which keys there are; the answer comes back as `declared`.
        case declare(ConfigDeclare)
        /// Have a value stored; the answer comes back as `stored` under the same number.
        case store(number: Int, ConfigSet)
        /// Put the secret into a file for the store, then have it stored.
        case storeSecret(number: Int, key: String, Secret)
        /// Answer the CALL that asked for the change.
        case answer(callId: String, ChangeConfiguration.Confirmation)
        /// Refuse the CALL that asked for the change.
        case refuse(callId: String, CallError)
        /// Answer the CALL that asked for values.
        case answerRead(callId: String, Result<GetConfiguration.Confirmation, CallError>)
        /// Values changed.
        case changed(OCPPKeys)
        /// A new AuthorizationKey is stored: connect with it.
        case credentialsChanged
        /// The AuthorizationKey that is stored was set again.
        case credentialsConfirmed
        case persistSnapshot(ConfigSnapshot)
        case log(LogRecord)
    }

    private struct Change: Sendable {
        var callId: String
        var name: OCPPKeyName
        /// What the store is asked.
        var order: Effect
    }

    /// What GetConfiguration and ChangeConfiguration wait for. Of two processes that were killed together the gateway is back first, with a
    /// snapshot that may be older than a change which the central system was told is accepted; and a store that was not told the keys yet
    /// refuses to set them.
    private enum FirstWord: Sendable {
        /// Nobody has asked yet.
        case awaited
        /// Taken up when the store speaks, at `end` at the latest.
        case held([Held], end: Duration)
        /// The store has spoken, or was waited for long enough: values are as good as they will be.
        case passed
    }

    /// A question of the central system that waits for the store's first word.
    private enum Held: Sendable {
        case read(callId: String, GetConfiguration.Request)
        /// What the store is to be asked then.
        case change(Effect)
    }

    /// Whose heartbeat interval is in force: the later one's (OCPP 1.6 §4.2).
    private enum HeartbeatSource: Sendable { case key, bootNotification }

    public let table: OCPPKeyTable
    public private(set) var keys: OCPPKeys
    /// What the store has, as far as seen; secrets without their value.
    private var seen: [OCPPKeyName: ConfigSnapshot.Entry] = [:]
    /// What is on the gateway's own disk.
    private var persisted: ConfigSnapshot
    /// The process of the store that was told the keys; nil when none was, or when it did not take them.
    private var declaredTo: Int?
    /// How far the store is known, by its revisions, which only grow. Whatever is older is no news: publications and answers come over two
    /// sockets, in any order.
    private var storeRevision: Int64 = 0
    private var firstWord = FirstWord.awaited
    private var heartbeatSource = HeartbeatSource.key
    /// News of a secret that came while a change of our own waits: the central system is answered before the link to it is left.
    private var withheld: [OCPPKeyName: ConfigSnapshot.Entry] = [:]
    private var pending = PendingCalls<Int, Change>(capacity: 8)
    /// Changes that a store refused which was started again and did not know the keys yet; they go to it once it does.
    private var untaken: [Int] = []
    private var lastNumber = 0

    /// Starts with the table's defaults and what the snapshot still fits.
    public init(table: OCPPKeyTable, snapshot: ConfigSnapshot?) {
        self.table = table
        keys = table.defaults
        persisted = snapshot ?? ConfigSnapshot()
        for (key, entry) in snapshot?.entries ?? [:] {
            guard let name = table.name(of: key), let declaration = table[name], !declaration.secret,
                declaration.access == .readWrite
            else { continue }
            if adopt(entry.value, of: name, declaration) { seen[name] = entry }
        }
    }

    public var nextDeadline: Deadline? {
        guard case .held(_, let end) = firstWord else { return pending.nextDeadline }
        return earliest(pending.nextDeadline, Deadline(at: end, for: "values are told without the store"))
    }

    // MARK: - The central system

    /// GetConfiguration. The answer comes as an effect: now, or, after a start, when the store has said what it has.
    public mutating func read(_ request: GetConfiguration.Request, callId: String, at moment: Moment) -> [Effect] {
        afterFirstWord(.read(callId: callId, request), at: moment)
    }

    private mutating func afterFirstWord(_ held: Held, at moment: Moment) -> [Effect] {
        switch firstWord {
        case .passed: return [takeUp(held)]
        case .awaited: firstWord = .held([held], end: moment.uptime + Self.firstWordTimeout)
        case .held(let waiting, let end): firstWord = .held(waiting + [held], end: end)
        }
        return []
    }

    private func takeUp(_ held: Held) -> Effect {
        switch held {
        case .read(let callId, let request): answer(request, callId)
        case .change(let order): order
        }
    }

    /// Takes up what waits for the store.
    private mutating func passFirstWord() -> [Effect] {
        guard case .held(let waiting, _) = firstWord else {
            firstWord = .passed
            return []
        }
        firstWord = .passed
        return waiting.map { takeUp($0) }
    }

    private func answer(_ request: GetConfiguration.Request, _ callId: String) -> Effect {
        do throws(CallError) {
            return .answerRead(callId: callId, .success(try get(request)))
        } catch {
            return .answerRead(callId: callId, .failure(error))
        }
    }

    /// The values in force, from memory.
    /// - Throws: `CallError` when more keys are asked for than `GetConfigurationMaxKeys` allows.
    public func get(_ request: GetConfiguration.Request) throws(CallError) -> GetConfiguration.Confirmation {
        try ConfigurationListing(table: table, keys: keys).confirmation(request)
    }

    /// ChangeConfiguration. The answer comes as an effect, now or when the store has it on disk.
    public mutating func change(_ request: ChangeConfiguration.Request, callId: String, at moment: Moment) -> [Effect] {
        func answer(_ status: ConfigurationStatus) -> [Effect] {
            [.answer(callId: callId, ChangeConfiguration.Confirmation(status: status))]
        }
        guard let name = table.name(of: request.key.text), let row = table.row(name) else {
            return answer(.notSupported)
        }
        let declaration = row.declaration
        guard declaration.access != .readOnly else { return answer(.rejected) }
        let value: String
        do {
            value = try row.canonical(request.value.text)
        } catch {
            return [.log(LogRecord(.notice, "ChangeConfiguration rejected: \(error)"))] + answer(.rejected)
        }
        // The first would be answered Accepted, and forgotten for the second, which the central system can be told nothing of on the connection
        // that is left for the first.
        if declaration.secret, pending.contains(where: { $0.name == name }) { return answer(.rejected) }
        // Also when it is in force: only the store knows what it has by now, and it writes nothing that it has already.
        lastNumber += 1
        let order: Effect =
            declaration.secret
            ? .storeSecret(number: lastNumber, key: declaration.key, Secret(value))
            : .store(
                number: lastNumber,
                ConfigSet(key: declaration.key, value: value, reason: "ChangeConfiguration")
            )
        let change = Change(callId: callId, name: name, order: order)
        guard pending.add(lastNumber, context: change, deadline: moment.uptime + Self.storeTimeout) else {
            // As those before it are answered when their time is over: it is the store that is missing.
            let words = "Too many changes wait for the config store; this one is not stored."
            return [.refuse(callId: callId, CallError(code: .internalError, errorDescription: words))]
        }
        return afterFirstWord(.change(order), at: moment)
    }

    /// The heartbeat interval of BootNotification.conf: the same value as the key, and the later one wins (OCPP 1.6 §4.2).
    /// It is not written to the store, where each boot would cost flash.
    public mutating func setHeartbeatInterval(seconds: Int) -> [Effect] {
        guard let declaration = table[.heartbeatInterval] else { return [] }
        let limited = min(max(Int64(seconds), declaration.minimum ?? 1), declaration.maximum ?? 86_400)
        guard keys.text(.heartbeatInterval) != String(limited) else { return [] }
        keys.set(.heartbeatInterval, canonical: String(limited), in: table)
        heartbeatSource = .bootNotification
        return [.changed(keys)]
    }

    // MARK: - The config store

    /// A service announced itself. A store that was restarted knows no keys.
    public mutating func announced(_ announce: Announce) -> [Effect] {
        guard announce.service == .configStore, announce.running, announce.pid != declaredTo else { return [] }
        declaredTo = announce.pid
        // It may have lost what its predecessor knew, and then it counts from the beginning.
        storeRevision = 0
        return [.declare(ConfigDeclare(owner: .ocppGateway, keys: table.declarations))]
    }

    /// The answer to `declare`, or why there is none; the next announcement repeats it then.
    public mutating func declared(_ result: Result<ConfigDeclare.Reply, BusError>) -> [Effect] {
        switch result {
        case .success(let reply):
            let remarks = reply.unfit.map { Effect.log(LogRecord(.warning, "a stored value does not fit: \($0)")) }
            let again = untaken.compactMap { pending.context(of: $0)?.order }
            untaken = []
            return remarks + received(reply.values) + again
        case .failure(let error):
            declaredTo = nil
            return [.log(LogRecord(.warning, "the config store did not take the keys: \(error)"))]
        }
    }

    /// The store's values, all of them.
    public mutating func received(_ values: ConfigValues) -> [Effect] {
        guard values.owner == .ocppGateway, values.revision >= storeRevision else { return [] }
        storeRevision = values.revision
        return follow(values.values) + passFirstWord()
    }

    /// The store answered, or the bus gave up on it. An answer that comes after the deadline changes nothing: what the store has is
    /// in its next publication.
    public mutating func stored(number: Int, _ result: Result<ConfigSet.Reply, BusError>) -> [Effect] {
        // The value fits our table, which the store knows once it was told, and nothing else is invalid.
        if case .failure(let error) = result, error.code == .invalid, pending.context(of: number) != nil {
            untaken = untaken.filter { pending.context(of: $0) != nil } + [number]
            return []
        }
        guard let change = pending.complete(number) else { return [] }
        switch result {
        case .success(let reply):
            let status: ConfigurationStatus = reply.rebootRequired ? .rebootRequired : .accepted
            let answer = Effect.answer(callId: change.callId, ChangeConfiguration.Confirmation(status: status))
            return [answer] + conclude(change.name, reply.value)
        case .failure(let error):
            if error.code == .timedOut { return unanswered(change) }
            let remark = LogRecord(.warning, "the config store did not take \(change.name): \(error)")
            let answer = ChangeConfiguration.Confirmation(status: .rejected)
            return [.log(remark), .answer(callId: change.callId, answer)] + releaseWithheld(change.name)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        if case .held(_, let end) = firstWord, end <= moment.uptime { effects += passFirstWord() }
        while let (_, change) = pending.popExpired(at: moment.uptime) {
            effects += unanswered(change)
        }
        return effects
    }

    /// A store that has read a change in time may be storing it for longer than the central system waits: Rejected, "could not be changed"
    /// (OCPP 1.6 §7.22), would be a guess.
    private mutating func unanswered(_ change: Change) -> [Effect] {
        let error = CallError(
            code: .internalError,
            errorDescription: "The value was not stored in time; it may be stored later."
        )
        let remark = LogRecord(.warning, "the config store did not answer for \(change.name)")
        return [.log(remark), .refuse(callId: change.callId, error)] + releaseWithheld(change.name)
    }

    // MARK: - Parts

    /// Takes over what is new. What is not stays, so that the heartbeat interval of BootNotification.conf survives until somebody sets the key.
    private mutating func follow(_ values: [ConfigValue]) -> [Effect] {
        let before = keys
        var effects: [Effect] = []
        for value in values {
            guard let name = table.name(of: value.key), let declaration = table[name], declaration.access != .readOnly
            else { continue }
            let entry = ConfigSnapshot.Entry(value: value.value, revision: value.revision)
            if declaration.secret {
                effects += noticeSecret(name, entry)
                continue
            }
            guard seen[name] != entry else { continue }
            let isFirstSight = seen.updateValue(entry, forKey: name) == nil
            // What the store had before it spoke is older than BootNotification.conf.
            if name == .heartbeatInterval, heartbeatSource == .bootNotification, isFirstSight { continue }
            if !adopt(value.value, of: name, declaration) {
                effects.append(.log(LogRecord(.warning, "the config store's value of \(value.key) does not fit")))
            }
        }
        if keys != before { effects.insert(.changed(keys), at: 0) }
        if snapshot != persisted {
            persisted = snapshot
            effects.append(.persistSnapshot(persisted))
        }
        return effects
    }

    private mutating func noticeSecret(_ name: OCPPKeyName, _ entry: ConfigSnapshot.Entry) -> [Effect] {
        guard seen[name] != entry else { return [] }
        if pending.contains(where: { $0.name == name }) {
            withheld[name] = entry
            return []
        }
        // The first sight tells nothing new: each handshake reads the secret where the store keeps it.
        return seen.updateValue(entry, forKey: name) == nil ? [] : [.credentialsChanged]
    }

    /// Takes over what a change of our own led to, unless a publication has told of a later change already.
    private mutating func conclude(_ name: OCPPKeyName, _ value: ConfigValue) -> [Effect] {
        let isNews = value.revision > storeRevision || value.revision == seen[name]?.revision
        storeRevision = max(storeRevision, value.revision)
        if table[name]?.secret == true {
            let entry = withheld.removeValue(forKey: name) ?? ConfigSnapshot.Entry(value: nil, revision: value.revision)
            return seen.updateValue(entry, forKey: name) == entry ? [.credentialsConfirmed] : [.credentialsChanged]
        }
        guard isNews || seen[name] == nil else { return [] }
        // It counts even where it equals what was seen: it overrides the interval of BootNotification.conf.
        seen[name] = ConfigSnapshot.Entry(value: nil, revision: -1)
        return follow([value])
    }

    /// What became of a secret while a change of our own waited that failed.
    private mutating func releaseWithheld(_ name: OCPPKeyName) -> [Effect] {
        guard let entry = withheld.removeValue(forKey: name) else { return [] }
        return noticeSecret(name, entry)
    }

    /// What to keep on disk for a start without the store.
    private var snapshot: ConfigSnapshot {
        var entries: [String: ConfigSnapshot.Entry] = [:]
        for declaration in table.declarations where declaration.access == .readWrite && !declaration.secret {
            guard let entry = seen[OCPPKeyName(rawValue: declaration.key)] else { continue }
            // Defaults are the table's to say, also after an upgrade.
            if entry.revision > 0 { entries[declaration.key] = entry }
        }
        return ConfigSnapshot(entries: entries)
    }

    /// Takes a value over; nil means the default. Returns false, changing nothing, when it does not fit.
    private mutating func adopt(_ text: String?, of name: OCPPKeyName, _ declaration: KeyDeclaration) -> Bool {
        // An unfit value is the caller's to report; the reason is in the store's own answer to the declaration.
        guard let value = text == nil ? declaration.defaultValue : try? table.row(name)?.canonical(text ?? "") else {
            return false
        }
        keys.set(name, canonical: value, in: table)
        if name == .heartbeatInterval { heartbeatSource = .key }
        return true
    }

    /// The central system waits 5 s at most for its answer. Long after the store has refused what it had not read: few changes are stored of
    /// which nobody knew in time.
    private static let storeTimeout: Duration = .milliseconds(4500)
    /// How long after its first question the central system may wait for the store's first word.
    private static let firstWordTimeout: Duration = .seconds(2)
}
