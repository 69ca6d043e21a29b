internal import BusSchema

/// What was ever set, whoever declares it today: the fold over the journal's records.
struct StoredSettings: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        /// Nil for a secret.
        var value: String?
        var revision: Int64
    }

    /// Counts every change.
    private(set) var revision: Int64 = 0
    /// The newest last.
    private(set) var history: [ConfigChange] = []
    /// By key in lower case.
    private var entries: [String: Entry] = [:]

    subscript(key: String) -> Entry? { entries[key.lowercased()] }

    /// Whether `key` could be stored without exceeding the limit.
    func hasRoom(for key: String) -> Bool { entries.count < ConfigLimits.storedValues || self[key] != nil }

    /// What one change replaced.
    struct Undo: Equatable, Sendable {
        fileprivate var revision: Int64
        fileprivate var key: String
        fileprivate var entry: Entry?
        fileprivate var forgotten: ConfigChange?
    }

    @discardableResult
    mutating func apply(_ record: StoredChange) -> Undo {
        let change = record.change
        let key = change.key.lowercased()
        var undo = Undo(revision: revision, key: key, entry: entries[key])
        revision = max(revision, change.revision)
        entries[key] = record.isSet ? Entry(value: record.stored, revision: change.revision) : nil
        history.append(change)
        if history.count > ConfigLimits.history { undo.forgotten = history.removeFirst() }
        return undo
    }

    /// Takes back the change that was applied last.
    mutating func revert(_ undo: Undo) {
        revision = undo.revision
        entries[undo.key] = undo.entry
        history.removeLast()
        if let forgotten = undo.forgotten { history.insert(forgotten, at: 0) }
    }

    /// Whether the store would differ after a restart if the record were dropped.
    func needs(_ record: StoredChange) -> Bool {
        let change = record.change
        if let oldest = history.first, change.revision >= oldest.revision { return true }
        return self[change.key]?.revision == change.revision
    }
}
