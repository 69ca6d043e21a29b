/// Something on disk that could not be read: where it is kept now, and what was wrong with it.
public struct SetAside: Hashable, Sendable, CustomStringConvertible {
    public var path: String
    /// Its new name in the same folder.
    public var keptAs: String
    public var reason: String

    public init(path: String, keptAs: String, reason: String) {
        self.path = path
        self.keptAs = keptAs
        self.reason = reason
    }

    public var description: String { "\(path) is unreadable: \(reason); kept as \(keptAs)" }

    /// So many are kept per file. Then the newest gives way: the first ones tell most, and a disk must not fill with them.
    static let limit = 20

    /// Renames `path` to a free name.
    static func rename(_ path: String, reason: String) throws(StorageError) -> SetAside {
        let name = freeName(for: path)
        try Directory.rename(path, to: name)
        try Directory.sync(containing: path)
        return SetAside(path: path, keptAs: name, reason: reason)
    }

    /// Links `path` to a free name as well, for a file that is about to be replaced.
    static func link(_ path: String, reason: String) throws(StorageError) -> SetAside {
        let name = freeName(for: path)
        try Directory.remove(name)
        try Directory.link(path, as: name)
        return SetAside(path: path, keptAs: name, reason: reason)
    }

    private static func freeName(for path: String) -> String {
        let names = (1...limit).lazy.map { "\(path).unreadable-\($0)" }
        return names.first { !Directory.exists($0) } ?? "\(path).unreadable-\(limit)"
    }
}
