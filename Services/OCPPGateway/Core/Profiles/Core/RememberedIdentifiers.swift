import OCPP
import Primitives

/// What the central system said last of each identifier that was heard of, valid or not (OCPP 1.6 §3.5.1): the content of the authorization
/// cache, without where it is kept.
///
/// Bounded. When a new identifier finds no room, all that are not valid go, and if there are none, the valid one that was heard of longest ago.
struct RememberedIdentifiers: Equatable, Sendable {
    private struct Entry: Equatable {
        var info: IdTagInfo
        /// Counts up with whatever is heard: the lowest number was heard longest ago.
        var heard: Int64
    }

    /// Some two hundred bytes each on disk.
    static let limit = 250

    private var entries: [IdToken: Entry] = [:]
    private var lastHeard: Int64 = 0

    init() {}

    /// Of a document with more than `limit` entries, the newest.
    init(_ document: AuthorizationCacheDocument) {
        for entry in document.entries.suffix(Self.limit) { put(entry.idTag, entry.info) }
    }

    var isEmpty: Bool { entries.isEmpty }

    var document: AuthorizationCacheDocument {
        let ordered = entries.sorted { $0.value.heard < $1.value.heard }
        return AuthorizationCacheDocument(entries: ordered.map { .init(idTag: $0.key, info: $0.value.info) })
    }

    subscript(idTag: IdToken) -> IdTagInfo? { entries[idTag]?.info }

    /// Marks what expired since it was said (OCPP 1.6 §3.5.1). A clock that is set back later does not bring it back. `now` is nil while
    /// nobody knows the time. Returns whether there was any.
    mutating func expire(at now: Timestamp?) -> Bool {
        guard let now else { return false }
        var isNews = false
        for (idTag, entry) in entries where entry.info.isExpired(at: now) {
            entries[idTag]?.info.status = .expired
            isNews = true
        }
        return isNews
    }

    /// The central system said something of an identifier; it replaces what it said before. Returns whether anything but the order of age
    /// changed.
    mutating func learn(_ idTag: IdToken, _ info: IdTagInfo, at now: Timestamp?) -> Bool {
        let hasExpired = expire(at: now)
        let before = entries[idTag]?.info
        if before == nil { makeRoom() }
        put(idTag, info)
        return before != self[idTag] || hasExpired
    }

    private mutating func put(_ idTag: IdToken, _ info: IdTagInfo) {
        var info = info
        info.parentIdTag = info.parentIdTag.group
        lastHeard += 1
        entries[idTag] = Entry(info: info, heard: lastHeard)
    }

    private mutating func makeRoom() {
        guard entries.count >= Self.limit else { return }
        entries = entries.filter { $0.value.info.status == .accepted }
        guard entries.count >= Self.limit, let oldest = entries.min(by: { $0.value.heard < $1.value.heard }) else {
            return
        }
        entries[oldest.key] = nil
    }
}

extension IdTagInfo {
    /// It was good until its date (OCPP 1.6 §7.27); without one it is good for ever.
    func isExpired(at now: Timestamp) -> Bool {
        guard status == .accepted, let expiryDate else { return false }
        return expiryDate <= now
    }
}
