/// A new file for a journal, written piece by piece beside the old one: a compaction, or what takes the place of a file that cannot be
/// trusted. Until it gets the old one's name nothing has happened.
final class JournalRewrite {
    /// Records from this number on came after the decision what to keep, and are all kept.
    let keepsAllFrom: UInt64
    let header: JournalFormat.Header
    let file: File
    private(set) var scanner: JournalScanner
    /// Places were passed that were no records: the original has to be kept.
    private(set) var hasDamage = false
    private(set) var index = JournalIndex()
    private(set) var end: Int64

    private let options: Journal.Options
    private let keeping: (JournalRecord) -> [UInt8]?
    private var buffer: [UInt8] = []
    private var unsyncedBytes = 0

    init(
        _ options: Journal.Options,
        header: JournalFormat.Header,
        scanner: JournalScanner,
        in directory: Directory,
        keeping: @escaping (JournalRecord) -> [UInt8]?
    ) throws(StorageError) {
        self.options = options
        self.header = header
        self.scanner = scanner
        self.keeping = keeping
        keepsAllFrom = header.nextSequence
        end = header.recordsStart
        do throws(StorageError) {
            file = try directory.replace(options.temporaryPath, permissions: 0o640)
            try file.lock()
        } catch {
            directory.discard(options.temporaryPath)
            throw error
        }
    }

    /// Copies from about `maximumBytes` of the original, which is sound up to `originalEnd`. Returns whether it has come there.
    func advance(in original: File, to originalEnd: Int64, maximumBytes: Int) throws(StorageError)
        -> Bool
    {
        scanner.fileEnd = originalEnd
        let stop = scanner.position + Int64(maximumBytes)
        while scanner.position < stop {
            switch try scanner.next(in: original) {
            case .record(let record, _):
                try take(record)
            case .damage:
                hasDamage = true
            case .end(let offset, _):
                hasDamage = hasDamage || offset < originalEnd
                return true
            }
        }
        return false
    }

    /// Adds a record of the original if it is to be kept.
    /// - Throws: `StorageError.tooLarge` when its new payload is.
    func take(_ record: JournalRecord) throws(StorageError) {
        guard let payload = record.sequence < keepsAllFrom ? keeping(record) : record.payload else {
            return
        }
        guard payload.count <= JournalFormat.maximumRecordBytes else {
            throw .tooLarge(
                path: options.path,
                bytes: payload.count,
                limit: JournalFormat.maximumRecordBytes
            )
        }
        index.add(record.sequence, at: end + Int64(buffer.count))
        JournalFormat.append(payload, sequence: record.sequence, to: &buffer)
    }

    /// Writes what was taken. After an error it may be called again.
    func drain() throws(StorageError) {
        guard !buffer.isEmpty else { return }
        try file.write(buffer, at: end, for: .rewrite)
        end += Int64(buffer.count)
        unsyncedBytes += buffer.count
        buffer.removeAll(keepingCapacity: true)
        // So that the last sync has little left to do.
        guard unsyncedBytes >= Self.syncEveryBytes else { return }
        try file.syncData()
        unsyncedBytes = 0
    }

    /// Writes the header and forces everything. After an error the whole rewrite is void: what a failed sync lost is not known.
    func finish(nextSequence: UInt64) throws(StorageError) {
        var header = header
        header.nextSequence = nextSequence
        try file.write(header.bytes(magic: options.magic), at: 0, for: .rewrite)
        try file.sync()
    }

    private static let syncEveryBytes = 512 << 10
}

extension Journal.Options {
    var temporaryPath: String { path + ".new" }
}
