import Glibc
import Primitives
import Storage

extension SimulatedDisk {
    func file(_ path: String) -> Inode? { table[path].flatMap { inodes[$0] } }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    func makeDurableFolder(_ path: String) {
        guard path != "/", table[path] == nil else { return }
        makeDurableFolder(Self.folder(of: path))
        table.change([(path, makeInode(.folder, 0o755).number)], in: Self.folder(of: path))
        table.sync(Self.folder(of: path))
    }

    func makeInode(_ kind: FileStatus.Kind, _ permissions: UInt32) -> Inode {
        let inode = Inode(number: (inodes.keys.max() ?? 0) + 1, kind: kind, permissions: permissions)
        inodes[inode.number] = inode
        return inode
    }

    /// Forgets files that nobody can reach.
    func collect() {
        let named = table.inodes
        inodes = inodes.filter { named.contains($0.key) || $0.value.openCount > 0 }
    }

    func inode(_ file: FileHandle) throws(Errno) -> Inode {
        guard let number = opened[file.number], let inode = inodes[number] else { throw Errno(EBADF) }
        return inode
    }

    func inode(at path: String) throws(Errno) -> Inode {
        guard let inode = file(path) else { throw Errno(ENOENT) }
        return inode
    }

    func requireFolder(of path: String) throws(Errno) {
        let folder = Self.folder(of: path)
        guard folder != "/" else { return }
        guard let inode = file(folder) else { throw Errno(ENOENT) }
        guard inode.kind == .folder else { throw Errno(ENOTDIR) }
    }

    /// The bytes that `inode` may have when it wants `size`.
    func room(for size: Int64, in inode: Inode) -> Int64 {
        guard let capacityBytes else { return size }
        let free = capacityBytes - usedBytes
        return Inode.allocated(size) - inode.allocatedBytes <= max(0, free)
            ? size
            : min(
                size,
                inode.allocatedBytes + max(0, free) / Int64(Inode.blockBytes) * Int64(Inode.blockBytes)
            )
    }

    /// Counts a call and fails it when that was planned.
    func count(_ call: DiskCall) throws(Errno) {
        if isPowerOff { throw Errno(EIO) }
        calls[call, default: 0] += 1
        var failure: DiskFault.Effect?
        for index in faults.indices.reversed() {
            guard faults[index].kinds?.contains(call) ?? true else { continue }
            faults[index].call -= 1
            guard faults[index].call <= 0 else { continue }
            failure = faults[index].effect
            if faults[index].lasting == .once { faults.remove(at: index) }
        }
        switch failure {
        case nil: if isReadOnly, call.changes { throw Errno(EROFS) }
        case .error(let error):
            failures.append(call)
            throw error
        case .powerCut:
            isPowerOff = true
            throw Errno(EIO)
        }
    }
}
