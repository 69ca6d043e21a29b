import Primitives

/// Which file has which name: as programs see it, and as it is on the platter. Changes of one folder reach the platter in order,
/// as with every journaling file system, but when is unknown until the folder is synced.
struct NameTable {
    /// One step: all of it reaches the platter or none.
    private struct Change {
        var folder: String
        /// Nil removes the name.
        var names: [(path: String, inode: Int?)]
    }

    private(set) var cached: [String: Int] = [:]
    private(set) var durable: [String: Int] = [:]
    private var pending: [Change] = []

    subscript(path: String) -> Int? { cached[path] }

    mutating func change(_ names: [(path: String, inode: Int?)], in folder: String) {
        for (path, inode) in names { cached[path] = inode }
        pending.append(Change(folder: folder, names: names))
    }

    mutating func sync(_ folder: String) {
        for change in pending where change.folder == folder { apply(change) }
        pending.removeAll { $0.folder == folder }
    }

    /// Of each folder's changes the first few are there.
    mutating func losePower(using random: inout SeededRandom) {
        var kept: [String: Int] = [:]
        for folder in Set(pending.map(\.folder)).sorted() {
            let count = pending.count { $0.folder == folder }
            kept[folder] = Int.random(in: 0...count, using: &random)
        }
        for change in pending {
            guard let left = kept[change.folder], left > 0 else { continue }
            kept[change.folder] = left - 1
            apply(change)
        }
        pending = []
        cached = durable
    }

    /// Files that are seen, or could be after a power cut.
    var inodes: Set<Int> {
        Set(cached.values).union(durable.values).union(pending.flatMap { $0.names.compactMap(\.inode) })
    }

    private mutating func apply(_ change: Change) {
        for (path, inode) in change.names { durable[path] = inode }
    }
}
