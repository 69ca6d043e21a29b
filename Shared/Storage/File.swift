internal import Glibc

/// An open file. Closed when it goes out of scope; its locks go with it.
final class File {
    /// What errors call it.
    var path: String

    private let files: any FileSystem
    private let meter: WriteMeter
    private let handle: FileHandle

    init(_ path: String, _ mode: OpenMode, in files: any FileSystem, meter: WriteMeter)
        throws(StorageError)
    {
        do throws(Errno) {
            handle = try files.open(path, mode)
        } catch {
            throw StorageError(error, "open", path)
        }
        self.files = files
        self.meter = meter
        self.path = path
    }

    /// Stands for a file that cannot be used: every call fails.
    init(nothingAt path: String, in files: any FileSystem, meter: WriteMeter) {
        handle = FileHandle(number: -1)
        self.files = files
        self.meter = meter
        self.path = path
    }

    deinit { files.close(handle) }

    var size: Int64 {
        get throws(StorageError) {
            do throws(Errno) {
                return try files.status(of: handle).sizeBytes
            } catch {
                throw StorageError(error, "examine", path)
            }
        }
    }

    /// Reads up to `count` bytes at `offset`; fewer only at the end of the file. A device that fails is asked three times.
    func read(_ count: Int, at offset: Int64) throws(StorageError) -> [UInt8] {
        try read(count, at: offset, tryAgain: { _ in false }, onBadBlock: { _ in false })
    }

    /// The same for as long as `tryAgain` says, but blocks that the device cannot read come back as zeros and are reported: one bad sector must not hide the rest.
    func readSalvaging(_ count: Int, at offset: Int64, tryAgain: DevicePatience) throws(StorageError) -> (
        bytes: [UInt8], hasBadBlocks: Bool
    ) {
        var hasBadBlocks = false
        let bytes = try read(
            count,
            at: offset,
            tryAgain: tryAgain,
            onBadBlock: { _ in
                hasBadBlocks = true
                return true
            }
        )
        return (bytes, hasBadBlocks)
    }

    private func read(
        _ count: Int,
        at offset: Int64,
        tryAgain: DevicePatience,
        onBadBlock skips: (Int64) -> Bool
    ) throws(StorageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        var tries = 0
        while done < count {
            let position = offset + Int64(done)
            do throws(Errno) {
                let got = try read(into: &bytes, from: done, at: position)
                if got == 0 { break }
                done += got
                tries = 0
            } catch {
                tries += 1
                let failure = StorageError(error, "read", path)
                guard failure.isDeviceError else { throw failure }
                if tries < Self.triesOfARead || tryAgain(failure) { continue }
                guard skips(position) else { throw failure }
                done = min(count, done + Int(Self.blockBytes - position % Self.blockBytes))
                tries = 0
            }
        }
        bytes.removeSubrange(done...)
        return bytes
    }

    private func read(into bytes: inout [UInt8], from start: Int, at position: Int64) throws(Errno)
        -> Int
    {
        // `withUnsafeMutableBytes` forgets the type of an error, a result keeps it.
        let result: Result<Int, Errno> = bytes.withUnsafeMutableBytes { buffer in
            do throws(Errno) {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
                return .success(try files.read(handle, into: rest, at: position))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Writes all of `bytes` at `offset`; counts them as `purpose`. After an error any part of it may be there.
    func write(_ bytes: [UInt8], at offset: Int64, for purpose: WriteMeter.Purpose)
        throws(StorageError)
    {
        var done = 0
        while done < bytes.count {
            do throws(Errno) {
                let wrote = try write(bytes, from: done, at: offset + Int64(done))
                guard wrote > 0 else { throw Errno(ENOSPC) }
                meter.count(wrote, for: purpose)
                done += wrote
            } catch {
                throw StorageError(error, "write to", path)
            }
        }
    }

    private func write(_ bytes: [UInt8], from start: Int, at position: Int64) throws(Errno) -> Int {
        let result: Result<Int, Errno> = bytes.withUnsafeBytes { buffer in
            do throws(Errno) {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[start...])
                return .success(try files.write(handle, rest, at: position))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Forces the data, and as much of the metadata as is needed to read it back.
    func syncData() throws(StorageError) {
        do throws(Errno) {
            try files.syncData(handle)
        } catch {
            throw StorageError(error, "sync", path)
        }
        meter.countSync()
    }

    func sync() throws(StorageError) {
        do throws(Errno) {
            try files.sync(handle)
        } catch {
            throw StorageError(error, "sync", path)
        }
        meter.countSync()
    }

    func truncate(to size: Int64) throws(StorageError) {
        do throws(Errno) {
            try files.truncate(handle, to: size)
        } catch {
            throw StorageError(error, "truncate", path)
        }
    }

    func setPermissions(_ permissions: UInt32) throws(StorageError) {
        do throws(Errno) {
            try files.setPermissions(handle, permissions)
        } catch {
            throw StorageError(error, "set the mode of", path)
        }
    }

    /// Backs the bytes up to `size` with real blocks.
    func allocate(from start: Int64, to size: Int64) throws(StorageError) {
        do throws(Errno) {
            try files.allocate(handle, from: start, to: size)
        } catch {
            throw StorageError(error, "allocate space for", path)
        }
    }

    /// Takes the file for this process alone.
    /// - Throws: `StorageError.inUse` when another one has it.
    func lock() throws(StorageError) {
        do throws(Errno) {
            try files.lock(handle)
        } catch {
            if error.code == EWOULDBLOCK { throw .inUse(path: path) }
            throw StorageError(error, "lock", path)
        }
    }

    /// Most read errors of a healthy device are gone at the next try.
    static let triesOfARead = 3
    private static let blockBytes: Int64 = 4096
}
