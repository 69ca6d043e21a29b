/// One small document that is replaced as a whole: after any crash either the old or the new one is there.
///
/// On disk: one header line `<magic> <format version> <bytes> <crc>` in text, then the body, so that people can read it with `cat`.
public struct AtomicDocument {
    public let path: String

    /// What this document has written so far, with all that share its meter.
    public var written: WriteCounters { directory.meter.counters }

    private let magic: String
    private let formatVersion: UInt16
    private let maximumBytes: Int
    private let mode: UInt32
    private let keepsPrevious: Bool
    private let directory: Directory
    private let memory = Memory()

    /// - Parameters:
    ///   - path: where it is; the folder must exist.
    ///   - magic: one word without spaces that names the kind of document, at most 32 characters.
    ///   - formatVersion: the owner's version of the body, from 1; what is newer is set aside.
    ///   - maximumBytes: largest body.
    ///   - mode: permissions of the file; `0o600` for secrets.
    ///   - keepsPrevious: whether the one before stays as `<path>.previous` and stands in for an unreadable one.
    ///   - meter: counts what is written; one of its own.
    ///   - files: where it lies; the machine's own file system.
    public init(
        path: String,
        magic: String,
        formatVersion: UInt16,
        maximumBytes: Int = 1 << 20,
        mode: UInt32 = 0o640,
        keepsPrevious: Bool = false,
        meter: WriteMeter = WriteMeter(),
        files: any FileSystem = KernelFileSystem()
    ) {
        precondition(
            (1...32).contains(magic.utf8.count) && magic.utf8.allSatisfy { (0x21...0x7E).contains($0) },
            "The magic is one short ASCII word, because spaces separate the parts of the header."
        )
        precondition(formatVersion > 0, "Versions count from 1.")
        self.path = path
        self.magic = magic
        self.formatVersion = formatVersion
        self.maximumBytes = maximumBytes
        self.mode = mode
        self.keepsPrevious = keepsPrevious
        directory = Directory(files: files, meter: meter)
    }

    /// What `load` found.
    public struct Loaded: Hashable, Sendable {
        /// Nil when there is none that can be read: the owner goes on with its default.
        public var body: [UInt8]?
        /// The version that the body was written in; 0 without one.
        public var formatVersion: UInt16
        /// The body is that of the save before the last one.
        public var isPrevious: Bool
        /// What could not be understood. Worth an error line each.
        public var setAside: [SetAside]
        /// What stood in the way of the next save. Worth a warning each.
        public var moved: [SetAside]
        /// The device could not read the document, however often it was asked, and the one before stands in for it. It was left where it is, and the
        /// next save keeps it under another name. Worth an error line.
        public var unread: StorageError?

        public init(
            body: [UInt8]? = nil,
            formatVersion: UInt16 = 0,
            isPrevious: Bool = false,
            setAside: [SetAside] = [],
            moved: [SetAside] = [],
            unread: StorageError? = nil
        ) {
            self.body = body
            self.formatVersion = formatVersion
            self.isPrevious = isPrevious
            self.setAside = setAside
            self.moved = moved
            self.unread = unread
        }
    }

    /// Reads the document. What is there and cannot be understood is set aside; what the device cannot read is left alone, since it may
    /// be readable the next time.
    /// - Parameter tryAgain: How long a device is waited for that cannot read.
    /// - Returns: What was found.
    /// - Throws: `StorageError.system` when access is denied, the folder cannot be used, or the device fails and no document before
    ///   stands in.
    public func load(tryAgain: DevicePatience = { _ in false }) throws(StorageError) -> Loaded {
        directory.discard(temporaryPath)
        var loaded = Loaded(moved: directory.moved.take())
        for candidate in keepsPrevious ? [path, previousPath] : [path] {
            let content: Content
            do throws(StorageError) {
                content = try askPatiently(tryAgain) { () throws(StorageError) in try read(candidate) }
            } catch {
                guard error.isDeviceError else { throw error }
                if candidate == path { memory.mustKeepOriginal = true }
                loaded.unread = loaded.unread ?? error
                continue
            }
            switch content {
            case .absent:
                continue
            case .unreadable(let reason):
                loaded.setAside.append(try setAside(candidate, reason))
            case .sound(let body, let version):
                loaded.body = body
                loaded.formatVersion = version
                loaded.isPrevious = candidate != path
                return loaded
            }
        }
        if let unread = loaded.unread { throw unread }
        return loaded
    }

    /// Replaces the document. On disk when this returns. When it throws it is unchanged; but after a failure of the very last step,
    /// forcing the new name, a power cut decides whether the old or the new one is there, and both are whole.
    /// - Throws: `StorageError`.
    public mutating func save(_ body: [UInt8]) throws(StorageError) {
        guard body.count <= maximumBytes else {
            throw .tooLarge(path: path, bytes: body.count, limit: maximumBytes)
        }
        var bytes = DocumentHeader.line(magic: magic, formatVersion: formatVersion, body: body)
        bytes.append(contentsOf: body)
        do throws(StorageError) {
            // Forced first, named then: the other way round a power cut could leave the name with a file that is not whole.
            try write(bytes, to: temporaryPath)
            try keepOld()
            try directory.rename(temporaryPath, to: path)
        } catch {
            directory.discard(temporaryPath)
            throw error
        }
        try directory.sync(containing: path)
    }

    /// Where nothing can be renamed, what cannot be understood keeps its name until the next save.
    private func setAside(_ candidate: String, _ reason: String) throws(StorageError) -> SetAside {
        do throws(StorageError) {
            return try directory.setAside(candidate, reason: reason)
        } catch {
            guard !error.isDeviceError else { throw error }
            if candidate == path { memory.mustKeepOriginal = true }
            return SetAside(path: candidate, keptAs: candidate, reason: reason)
        }
    }

    private func keepOld() throws(StorageError) {
        guard try directory.status(path) != nil else { return }
        if memory.mustKeepOriginal {
            _ = try directory.linkAside(path, reason: "the device could not read it")
            memory.mustKeepOriginal = false
        } else if keepsPrevious {
            try directory.clear(previousPath)
            try directory.link(path, as: previousPath)
        }
    }

    /// Removes the document and the one before it; none is fine.
    /// - Throws: `StorageError.system`.
    public func remove() throws(StorageError) {
        try directory.remove(temporaryPath)
        try directory.remove(previousPath)
        try directory.remove(path)
        try directory.sync(containing: path)
    }

    private func write(_ bytes: [UInt8], to path: String) throws(StorageError) {
        let file = try directory.replace(path, permissions: mode)
        try file.setPermissions(mode)  // Exact, whatever the umask.
        try file.write(bytes, at: 0, for: .rewrite)
        try file.sync()
    }

    /// What a load leaves for the next save.
    private final class Memory {
        /// The file in place could not be read, so nobody knows what would be lost with it.
        var mustKeepOriginal = false
    }

    private enum Content {
        case absent
        case unreadable(String)
        case sound([UInt8], formatVersion: UInt16)
    }

    private func read(_ path: String) throws(StorageError) -> Content {
        let opened = try directory.openRegular(path, .read)
        switch consume opened {
        case .absent:
            return .absent
        case .unfit(let reason):
            return .unreadable(reason)
        case .file(let file):
            let limit = maximumBytes + DocumentHeader.maximumBytes
            guard try file.size <= limit else { return .unreadable("it is larger than \(limit) bytes") }
            return parse(try file.read(limit, at: 0))
        }
    }

    private func parse(_ bytes: [UInt8]) -> Content {
        switch DocumentHeader.parse(bytes, magic: magic, newestVersion: formatVersion) {
        case .success(let header):
            .sound(Array(bytes[header.bodyStart...]), formatVersion: header.formatVersion)
        case .failure(let flaw): .unreadable(flaw.reason)
        }
    }

    private var temporaryPath: String { path + ".new" }
    private var previousPath: String { path + ".previous" }
}
