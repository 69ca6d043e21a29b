internal import BusSchema
internal import Primitives

extension ConfigMachine {
    /// What to restore, and whom to tell, when a change turns out not to be durable.
    struct Unconfirmed: Equatable, Sendable {
        var id: RequestID
        var key: String
        var undo: StoredSettings.Undo
        var secret: SecretUndo?
    }

    /// The secret that a change replaced. The document of the secrets may have the new one already.
    struct SecretUndo: Equatable, Sendable {
        var before: NamedSecret?
    }

    mutating func set(
        _ id: RequestID,
        _ request: ConfigSet,
        from source: ServiceName,
        _ secret: SecretInput?,
        at moment: Moment
    ) -> [ConfigEffect] {
        guard let declared = declarations[request.key] else {
            return [.refuse(id, BusError(.invalid, "\(request.key.prefix(60)): no service has declared this key"))]
        }
        do {
            try checkMayChange(declared, request)
            if declared.declaration.secret {
                return try setSecret(id, request, declared, from: source, secret, at: moment)
            }
            return try setValue(id, request, declared, from: source, at: moment)
        } catch {
            return [.refuse(id, error)]
        }
    }

    private func checkMayChange(_ declared: Declarations.Declared, _ request: ConfigSet) throws(BusError) {
        let key = declared.declaration.key
        guard declared.declaration.access != .readOnly else { throw BusError(.refused, "\(key): it is read-only") }
        let revision = value(of: declared.declaration, declared.owner).revision
        if let expected = request.expectedRevision, expected != revision {
            throw BusError(
                .refused,
                "\(key): expected revision \(expected), found \(revision); somebody else changed it"
            )
        }
        guard settings.hasRoom(for: key) else {
            throw BusError(.refused, "\(key): \(ConfigLimits.storedValues) values are stored already")
        }
    }

    private mutating func setValue(
        _ id: RequestID,
        _ request: ConfigSet,
        _ declared: Declarations.Declared,
        from source: ServiceName,
        at moment: Moment
    ) throws(BusError) -> [ConfigEffect] {
        let declaration = declared.declaration
        guard request.secretFile == nil else {
            throw BusError(.invalid, "\(declaration.key): secretFile: expected none, because the key is no secret")
        }
        var new: String?
        if let text = request.value {
            do { new = try declaration.canonical(text) } catch { throw BusError(.invalid, error.description) }
        }
        guard new != settings[declaration.key]?.value else { return [unchanged(id, declared)] }
        let old = value(of: declaration, declared.owner).value
        let change = change(
            declaration,
            request,
            from: source,
            at: moment,
            from: old,
            to: new ?? declaration.defaultValue
        )
        let record = StoredChange(change: change, stored: new)
        unconfirmed = Unconfirmed(id: id, key: declaration.key, undo: settings.apply(record))
        return [.persist(record)] + outcome(id, declared, change)
    }

    private mutating func setSecret(
        _ id: RequestID,
        _ request: ConfigSet,
        _ declared: Declarations.Declared,
        from source: ServiceName,
        _ input: SecretInput?,
        at moment: Moment
    ) throws(BusError) -> [ConfigEffect] {
        let declaration = declared.declaration
        let lower = declaration.key.lowercased()
        guard request.value == nil else {
            let expected = "expected a secretFile, because the value of a secret must not travel on the bus"
            throw BusError(.invalid, "\(declaration.key): \(expected)")
        }
        let new = try secret(declaration, request, input)
        let isUnknown = secrets[lower] == nil && secretsAreUnknown
        guard isUnknown || new != secrets[lower]?.secret else { return [unchanged(id, declared)] }
        let before = SecretUndo(before: secrets[lower])
        secrets[lower] = new.map { NamedSecret(key: declaration.key, secret: $0) }
        let change = change(declaration, request, from: source, at: moment, from: nil, to: nil)
        let record = StoredChange(change: change, stored: nil, secretSet: new != nil)
        unconfirmed = Unconfirmed(id: id, key: declaration.key, undo: settings.apply(record), secret: before)
        // Given to its owner before the change counts: what cannot be handed over is not in force, and is refused (OCPP 1.6 §5.3).
        let handedOver = ConfigEffect.handOver(new, key: declaration.key, owner: declared.owner)
        let settlement = [owed.settlement(of: declaration.key)].compactMap { $0 }
        return owed.order([.persistSecrets(allSecrets), handedOver] + settlement + [.persist(record)])
            + outcome(id, declared, change)
    }

    /// The new secret; nil to remove it.
    private func secret(
        _ declaration: KeyDeclaration,
        _ request: ConfigSet,
        _ input: SecretInput?
    ) throws(BusError) -> Secret? {
        switch input {
        case .secret(let secret):
            do { return Secret(try declaration.canonical(secret.exposed)) } catch {
                throw BusError(.invalid, error.description)
            }
        case .unreadable(let reason):
            throw BusError(.invalid, "\(declaration.key): secretFile: \(reason)")
        case nil:
            guard request.secretFile == nil else {
                throw BusError(.failed, "\(declaration.key): secretFile: it was not read")
            }
            return nil
        }
    }

    private func change(
        _ declaration: KeyDeclaration,
        _ request: ConfigSet,
        from source: ServiceName,
        at moment: Moment,
        from old: String?,
        to new: String?
    ) -> ConfigChange {
        ConfigChange(
            revision: settings.revision.addingClamped(1),
            at: moment.utc.millisecondsSinceEpoch,
            key: declaration.key,
            oldValue: old,
            newValue: new,
            source: source,
            reason: request.reason.map { String($0.prefix(ConfigLimits.reasonLength)) }
        )
    }

    /// Tells everybody, after the change is durable: who asked first, then who listens.
    private func outcome(_ id: RequestID, _ declared: Declarations.Declared, _ change: ConfigChange) -> [ConfigEffect] {
        var record = LogRecord(.notice, "setting changed", .init("key", change.key), .init("revision", change.revision))
        record.fields.append(.init("source", change.source))
        if let reason = change.reason { record.fields.append(.init("reason", reason)) }
        return [
            unchanged(id, declared),
            .publish(AnyBusMessage(values(of: declared.owner))),
            .publish(AnyBusMessage(ConfigChanged(change: change))),
            .log(record),
        ]
    }

    private func unchanged(_ id: RequestID, _ declared: Declarations.Declared) -> ConfigEffect {
        let declaration = declared.declaration
        let value = value(of: declaration, declared.owner)
        return .reply(id, .set(ConfigSet.Reply(value: value, rebootRequired: declaration.rebootRequired)))
    }

    private var allSecrets: [String: Secret] {
        Dictionary(secrets.values.map { ($0.key, $0.secret) }) { _, new in new }
    }

    /// Takes the change back: whoever asked learns that it did not happen, and nobody else ever heard of it.
    mutating func persistFailed(_ reason: String) -> [ConfigEffect] {
        let complaint = ConfigEffect.log(LogRecord(.error, "settings cannot be stored", .init("why", reason)))
        guard let failed = unconfirmed else { return [complaint] }
        return takeBack(failed, "it cannot be stored: \(reason)", [complaint])
    }

    /// A secret that was to be set is refused, and what its owner had counts again. One that was set before is handed over later.
    mutating func handOverFailed(_ key: String, _ reason: String, at moment: Moment) -> [ConfigEffect] {
        let complaints = owed.failed(key, reason, at: moment.uptime)
        if let failed = unconfirmed { return takeBack(failed, "it cannot be handed over: \(reason)", complaints) }
        return complaints + owed.rest(after: key)
    }

    private mutating func takeBack(
        _ failed: Unconfirmed,
        _ reason: String,
        _ complaints: [ConfigEffect]
    ) -> [ConfigEffect] {
        unconfirmed = nil
        settings.revert(failed.undo)
        // The refusal comes first: if the disk is gone for good, nothing can be put right.
        let refusal = ConfigEffect.refuse(failed.id, BusError(.failed, "\(failed.key): \(reason)"))
        guard let secret = failed.secret else { return [refusal] + complaints }
        secrets[failed.key.lowercased()] = secret.before
        let handedOver = [handOver(failed.key)].compactMap { $0 }
        let settlement = [owed.settlement(of: failed.key)].compactMap { $0 }
        return [refusal] + complaints + owed.order(handedOver + settlement + [.persistSecrets(allSecrets)])
    }
}
