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
}

extension Directory {
    /// Renames `path` to a free name.
    func setAside(_ path: String, reason: String) throws(StorageError) -> SetAside {
        let name = try freeName(for: path)
        try rename(path, to: name)
        try sync(containing: path)
        return SetAside(path: path, keptAs: name, reason: reason)
    }

    /// Links `path` to a free name as well, for a file that is about to be replaced.
    func linkAside(_ path: String, reason: String) throws(StorageError) -> SetAside {
        let name = try freeName(for: path)
        try remove(name)
        try link(path, as: name)
        return SetAside(path: path, keptAs: name, reason: reason)
    }

    private func freeName(for path: String) throws(StorageError) -> String {
        for number in 1...SetAside.limit {
            let name = "\(path).unreadable-\(number)"
            if try status(name) == nil { return name }
        }
        return "\(path).unreadable-\(SetAside.limit)"
    }
}
