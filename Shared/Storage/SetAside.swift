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
        try clear(name)
        try rename(path, to: name)
        try sync(containing: path)
        return SetAside(path: path, keptAs: name, reason: reason)
    }

    /// Links `path` to a free name as well, for a file that is about to be replaced.
    func linkAside(_ path: String, reason: String) throws(StorageError) -> SetAside {
        let name = try freeName(for: path)
        try clear(name)
        try link(path, as: name)
        return SetAside(path: path, keptAs: name, reason: reason)
    }

    /// Copies what is about to be cut off `file` into a file of its own. Returns its name, or nil when the disk has no room for it or does not
    /// take it: the bytes are no whole record, and nobody was told that they are stored.
    /// - Throws: `StorageError` when they cannot be read, so that they must not be cut off.
    func keepCut(from file: File, at offset: Int64, bytes: Int64, path: String) throws(StorageError)
        -> String?
    {
        let name = try freeName(for: path, "cut")
        var done: Int64 = 0
        var copy: File?
        repeat {
            let piece: [UInt8]
            do throws(StorageError) {
                piece = try file.read(Int(min(bytes - done, 64 << 10)), at: offset + done)
            } catch {
                discard(name)
                throw error
            }
            do throws(StorageError) {
                if copy == nil { copy = try replace(name, permissions: 0o640) }
                guard let target = copy else { return nil }
                try target.write(piece, at: done, for: .rewrite)
                done += Int64(piece.count)
                if piece.isEmpty || done >= bytes {
                    try target.sync()
                    return name
                }
            } catch {
                discard(name)
                return nil
            }
        } while true
    }

    private func freeName(for path: String, _ kind: String = "unreadable") throws(StorageError)
        -> String
    {
        for number in 1...SetAside.limit {
            let name = "\(path).\(kind)-\(number)"
            if try status(name) == nil { return name }
        }
        return "\(path).\(kind)-\(SetAside.limit)"
    }
}
