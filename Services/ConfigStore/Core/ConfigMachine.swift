public import BusSchema
public import Primitives

/// Every setting of every service: declared by its user, typed, validated, versioned, with a history. Knows no key by itself.
public struct ConfigMachine: Machine, Sendable {
    public enum Event: Equatable, Sendable {
        case declareRequested(RequestID, ConfigDeclare, from: ServiceName)
        case getRequested(RequestID, ConfigGet)
        /// For a request that names a `secretFile`: what the shell read from it. The file is gone by now.
        case setRequested(RequestID, ConfigSet, from: ServiceName, secret: SecretInput?)
        case historyRequested(RequestID, ConfigHistory)
        /// The last `persist…` effect failed, and nothing after it was done.
        case persistFailed(reason: String)
        /// The `handOver` of that key failed, and nothing after it was done.
        case handOverFailed(key: String, reason: String)
    }

    /// The content of a `secretFile`.
    public enum SecretInput: Equatable, Sendable {
        case secret(Secret)
        case unreadable(reason: String)
    }

    var declarations = Declarations()
    var settings = StoredSettings()
    /// By key in lower case.
    var secrets: [String: NamedSecret] = [:]
    /// The device could not read what was stored. Their owners keep the files that they have.
    var secretsAreUnknown = false
    /// Secrets whose owners could not be given them.
    var owed = OwedSecrets()
    /// The change whose durability is not certain before the next event.
    var unconfirmed: Unconfirmed?

    public init() {}

    public var nextDeadline: Deadline? { owed.nextDeadline }

    /// Hands over again what could not be handed over.
    public mutating func deadlineReached(at moment: Moment) -> [ConfigEffect] {
        unconfirmed = nil
        owed.succeeded()
        guard let key = owed.due(at: moment.uptime) else { return [] }
        guard let handedOver = handOver(key) else {
            owed.forget(key)
            return []
        }
        return owed.order([handedOver, owed.settlement(of: key)].compactMap { $0 })
    }

    public mutating func handle(_ event: Event, at moment: Moment) -> [ConfigEffect] {
        switch event {
        case .persistFailed(let reason): return persistFailed(reason)
        case .handOverFailed(let key, let reason): return handOverFailed(key, reason, at: moment)
        default:
            unconfirmed = nil
            owed.succeeded()
        }
        switch event {
        case .declareRequested(let id, let request, let source): return declare(id, request, from: source)
        case .getRequested(let id, let request): return [get(id, request)]
        case .setRequested(let id, let request, let source, let secret):
            return set(id, request, from: source, secret, at: moment)
        case .historyRequested(let id, let request): return [history(id, request)]
        case .persistFailed, .handOverFailed: return []  // Handled above.
        }
    }

    // MARK: - Start

    /// Takes one record of the journal, oldest first, before the first event.
    /// - Returns: Whether it was taken. One of an impossible revision is not: it would end the counting.
    @discardableResult
    public mutating func restore(_ record: StoredChange) -> Bool {
        guard (0...ConfigLimits.revisions).contains(record.change.revision) else { return false }
        settings.apply(record)
        return true
    }

    /// Takes the stored secrets, before the first event; nil when nobody can read which there are.
    public mutating func restore(secrets stored: [String: Secret]?) {
        guard let stored else {
            secretsAreUnknown = true
            return
        }
        for (key, secret) in stored { secrets[key.lowercased()] = NamedSecret(key: key, secret: secret) }
    }

    /// Whether the journal must keep the record in a compaction.
    public func needs(_ record: StoredChange) -> Bool { settings.needs(record) }

    // MARK: - Requests

    private mutating func declare(_ id: RequestID, _ request: ConfigDeclare, from source: ServiceName) -> [ConfigEffect]
    {
        let owner = request.owner
        guard owner == source else {
            return [.refuse(id, BusError(.invalid, "owner: expected \(source), who asks, found \(owner)"))]
        }
        do {
            try declarations.replace(owner, request.keys)
        } catch {
            return [
                .refuse(id, error), .log(LogRecord(.error, "keys refused", .init("owner", owner), .init("why", error))),
            ]
        }
        let values = values(of: owner)
        let unfit = declarations.keys(of: owner).compactMap { misfit(of: $0) }
        let told = fittingMessage(unfit)
        let handedOver = declarations.keys(of: owner).filter(\.secret).compactMap { handOver($0.key) }
        let complaints = unfit.map {
            ConfigEffect.log(LogRecord(.error, "stored value unfit, default used", .init("why", $0)))
        }
        let answer: [ConfigEffect] = [
            .reply(id, .declare(ConfigDeclare.Reply(values: values, unfit: told))),
            .publish(AnyBusMessage(values)),
            .log(LogRecord(.notice, "keys declared", .init("owner", owner), .init("keys", request.keys.count))),
        ]
        return owed.order(handedOver + answer + complaints)
    }

    /// Gives the owner of a key what is stored; nil where nobody knows what that is, or nobody declared the key.
    func handOver(_ key: String) -> ConfigEffect? {
        guard let declared = declarations[key], declared.declaration.secret else { return nil }
        let secret = secrets[key.lowercased()]?.secret
        guard secret != nil || !secretsAreUnknown else { return nil }
        return .handOver(secret, key: declared.declaration.key, owner: declared.owner)
    }

    private func get(_ id: RequestID, _ request: ConfigGet) -> ConfigEffect {
        guard request.keys.count <= ConfigLimits.keysPerOwner else {
            let expected = "expected at most \(ConfigLimits.keysPerOwner) keys"
            return .refuse(id, BusError(.invalid, "keys: \(expected), found \(request.keys.count)"))
        }
        var reply = ConfigGet.Reply(entries: [], unknownKeys: [])
        func add(_ owner: ServiceName, _ declaration: KeyDeclaration) {
            reply.entries.append(.init(value: value(of: declaration, owner), declaration: declaration))
        }
        if request.keys.isEmpty {
            for owner in declarations.owners { declarations.keys(of: owner).forEach { add(owner, $0) } }
        }
        for key in request.keys {
            if let declared = declarations[key] {
                add(declared.owner, declared.declaration)
            } else {
                reply.unknownKeys.append(key)
            }
        }
        let bytes =
            reply.entries.reduce(0) { $0 + $1.jsonBytes } + reply.unknownKeys.reduce(0) { $0 + $1.jsonBytes + 1 }
        guard bytes <= BusLimits.payloadBytes - 1024 else {
            return .refuse(
                id,
                BusError(.invalid, "keys: the answer would take \(bytes) bytes; ask for fewer at a time")
            )
        }
        return .reply(id, .get(reply))
    }

    /// As many complaints as a reply has room for, each cut where it gets long; all of them are in the log.
    private func fittingMessage(_ complaints: [String]) -> [String] {
        var room = ConfigLimits.unfitBytes
        return complaints.map { String($0.prefix(200)) }.prefix { complaint in
            room -= complaint.jsonBytes + 1
            return room >= 0
        }.map { $0 }
    }

    private func history(_ id: RequestID, _ request: ConfigHistory) -> ConfigEffect {
        let key = request.key?.lowercased()
        var changes: [ConfigChange] = []
        var bytes = 0
        for change in settings.history.reversed() where key == nil || change.key.lowercased() == key {
            let texts = [change.key, change.oldValue, change.newValue, change.source.rawValue, change.reason]
            bytes += texts.reduce(140) { $0 + ($1?.jsonBytes ?? 4) }
            guard changes.count < min(request.limit, ConfigLimits.history), bytes <= ConfigLimits.historyBytes else {
                break
            }
            changes.append(change)
        }
        return .reply(id, .history(ConfigHistory.Reply(changes: changes)))
    }
}

/// A secret and the spelling of its key.
struct NamedSecret: Equatable, Sendable {
    var key: String
    var secret: Secret
}
