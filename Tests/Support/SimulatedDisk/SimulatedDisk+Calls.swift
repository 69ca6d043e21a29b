import Glibc
public import Storage

/// The calls of a file system.
extension SimulatedDisk {
    public func open(_ path: String, _ mode: OpenMode) throws(Errno) -> FileHandle {
        try count(.open)
        try requireFolder(of: path)
        if isReadOnly, mode != .read { throw Errno(EROFS) }
        let inode: Inode
        switch (mode, file(path)) {
        case (.createNew, .some): throw Errno(EEXIST)
        case (_, .some(let existing)): inode = existing
        case (.read, nil), (.readWrite, nil): throw Errno(ENOENT)
        case (.createNew(let permissions), nil):
            inode = makeInode(.regular, permissions)
            table.change([(path, inode.number)], in: Self.folder(of: path))
        }
        guard inode.kind == .regular else { throw Errno(EISDIR) }
        newestHandle += 1
        opened[newestHandle] = inode.number
        inode.openCount += 1
        return FileHandle(number: newestHandle)
    }

    public func close(_ file: FileHandle) {
        guard let number = opened.removeValue(forKey: file.number), let inode = inodes[number] else {
            return
        }
        inode.openCount -= 1
        if inode.lockedBy == file { inode.lockedBy = nil }
        collect()
    }

    public func lock(_ file: FileHandle) throws(Errno) {
        try count(.lock)
        let inode = try inode(file)
        guard inode.lockedBy == nil || inode.lockedBy == file else { throw Errno(EWOULDBLOCK) }
        inode.lockedBy = file
    }

    public func status(of file: FileHandle) throws(Errno) -> FileStatus {
        try count(.status)
        return try inode(file).status
    }

    public func status(at path: String) throws(Errno) -> FileStatus {
        try count(.status)
        try requireFolder(of: path)
        return try inode(at: path).status
    }

    public func read(
        _ file: FileHandle,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int64
    ) throws(Errno) -> Int {
        try count(.read)
        guard let bytes = try inode(file).read(Int(offset)..<Int(offset) + buffer.count) else {
            throw Errno(EIO)
        }
        buffer.copyBytes(from: bytes)
        return bytes.count
    }

    public func write(_ file: FileHandle, _ bytes: UnsafeRawBufferPointer, at offset: Int64)
        throws(Errno) -> Int
    {
        let inode = try inode(file)
        do throws(Errno) {
            try count(.write)
        } catch {
            // A part is there all the same, unless the power is off.
            let part = Int.random(in: 0...bytes.count, using: &random)
            if !isPowerOff {
                inode.write(UnsafeRawBufferPointer(rebasing: bytes[..<part]), at: Int(offset))
            }
            throw error
        }
        let fitting = min(
            Int64(bytes.count),
            room(for: offset + Int64(bytes.count), in: inode) - offset
        )
        guard fitting > 0 || bytes.isEmpty else { throw Errno(ENOSPC) }
        inode.write(UnsafeRawBufferPointer(rebasing: bytes[..<Int(fitting)]), at: Int(offset))
        return Int(fitting)
    }

    public func truncate(_ file: FileHandle, to size: Int64) throws(Errno) {
        try count(.truncate)
        try inode(file).resize(to: Int(size))
    }

    public func allocate(_ file: FileHandle, from start: Int64, to end: Int64) throws(Errno) {
        try count(.allocate)
        let inode = try inode(file)
        guard end > Int64(inode.cached.count) else { return }
        guard room(for: end, in: inode) == end else { throw Errno(ENOSPC) }
        inode.resize(to: Int(end))
    }

    public func setPermissions(_ file: FileHandle, _ permissions: UInt32) throws(Errno) {
        try count(.setPermissions)
        try inode(file).permissions = permissions
    }

    public func syncData(_ file: FileHandle) throws(Errno) { try force(file, .syncData) }

    public func sync(_ file: FileHandle) throws(Errno) { try force(file, .sync) }

    private func force(_ file: FileHandle, _ call: DiskCall) throws(Errno) {
        let inode = try inode(file)
        do throws(Errno) {
            try count(call)
        } catch {
            if !isPowerOff { inode.loseDirtyBlocks(using: &random) }
            throw error
        }
        guard !liesAboutSyncs else { return }
        inode.sync()
        syncsDone += 1
    }

    public func rename(_ path: String, to newPath: String) throws(Errno) {
        try count(.rename)
        try requireFolder(of: newPath)
        let inode = try inode(at: path)
        guard Self.folder(of: path) == Self.folder(of: newPath) else { throw Errno(EXDEV) }
        if let other = file(newPath) {
            // Two names of one file: nothing happens.
            if other.number == inode.number { return }
            if other.kind == .folder { throw Errno(EISDIR) }
        }
        table.change([(path, nil), (newPath, inode.number)], in: Self.folder(of: path))
        collect()
    }

    public func link(_ path: String, as newPath: String) throws(Errno) {
        try count(.link)
        try requireFolder(of: newPath)
        let inode = try inode(at: path)
        guard file(newPath) == nil else { throw Errno(EEXIST) }
        guard Self.folder(of: path) == Self.folder(of: newPath) else { throw Errno(EXDEV) }
        table.change([(newPath, inode.number)], in: Self.folder(of: newPath))
    }

    public func remove(_ path: String) throws(Errno) {
        try count(.remove)
        try requireFolder(of: path)
        guard try inode(at: path).kind != .folder else { throw Errno(EISDIR) }
        table.change([(path, nil)], in: Self.folder(of: path))
        collect()
    }

    public func makeFolder(_ path: String, permissions: UInt32) throws(Errno) {
        try count(.makeFolder)
        try requireFolder(of: path)
        guard file(path) == nil else { throw Errno(EEXIST) }
        table.change([(path, makeInode(.folder, permissions).number)], in: Self.folder(of: path))
    }

    public func names(inFolder path: String) throws(Errno) -> [String] {
        try count(.names)
        guard try inode(at: path).kind == .folder else { throw Errno(ENOTDIR) }
        return list(path)
    }

    public func syncFolder(_ path: String) throws(Errno) {
        _ = try inode(at: path)
        try count(.syncFolder)
        guard !liesAboutSyncs else { return }
        table.sync(path)
        collect()
        syncsDone += 1
    }
}
