extension Journal {
    /// Rewrites the journal with the records for which `keeping` returns a payload, in their order and with their numbers. Atomic:
    /// after a crash or an error the journal is as it was. On a full disk the reserve is used, and taken back afterwards.
    ///
    /// - Throws: `StorageError.full` when there is no room for the copy, `.tooLarge` for an oversized payload, `.system` else.
    public func compact(keeping: (JournalRecord) -> [UInt8]?) throws(StorageError) {
        do throws(StorageError) {
            try rewrite(keeping: keeping, formatVersion: options.formatVersion)
        } catch {
            guard error.isFull, let reserve, try reserve.release(Int(reserve.bytes)) else { throw error }
            try rewrite(keeping: keeping, formatVersion: options.formatVersion)
        }
        try reserve?.restore()
    }

    func rewrite(keeping: (JournalRecord) -> [UInt8]?, formatVersion: UInt16) throws(StorageError) {
        let path = options.temporaryPath
        do throws(StorageError) {
            let copy = try directory.replace(path, permissions: 0o640)
            try copy.lock()
            var writer = JournalWriter(options: options, nextSequence: nextSequence, formatVersion: formatVersion)
            var scanner = JournalScanner(from: Int64(JournalFormat.headerBytes), to: end, minimum: 1)
            scanning: while true {
                switch try scanner.next(in: file) {
                case .record(let record, _):
                    if let payload = keeping(record) { try writer.append(payload, record.sequence, to: copy) }
                case .damage:
                    continue
                case .end:
                    break scanning
                }
            }
            try writer.finish(copy)
            try directory.rename(path, to: options.path)
            adopt(copy, writer, formatVersion)
        } catch {
            directory.discard(path)
            throw error
        }
        try directory.sync(containing: path)
    }

    private func adopt(_ copy: consuming File, _ writer: JournalWriter, _ formatVersion: UInt16) {
        file = copy
        file.path = options.path
        end = writer.end
        index = writer.index
        count = writer.count
        self.formatVersion = formatVersion
        needsFlush = false
    }
}

/// Writes a new journal in large pieces.
struct JournalWriter {
    private(set) var end = Int64(JournalFormat.headerBytes)
    private(set) var index = JournalIndex()
    private(set) var count = 0

    private let options: Journal.Options
    private let formatVersion: UInt16
    private let nextSequence: UInt64
    private var buffer: [UInt8] = []

    init(options: Journal.Options, nextSequence: UInt64, formatVersion: UInt16) {
        self.options = options
        self.nextSequence = nextSequence
        self.formatVersion = formatVersion
    }

    mutating func append(_ payload: [UInt8], _ sequence: UInt64, to file: borrowing File) throws(StorageError) {
        guard payload.count <= JournalFormat.maximumRecordBytes else {
            throw .tooLarge(path: options.path, bytes: payload.count, limit: JournalFormat.maximumRecordBytes)
        }
        index.add(sequence, at: end + Int64(buffer.count))
        count += 1
        JournalFormat.append(payload, sequence: sequence, to: &buffer)
        if buffer.count >= Self.pieceBytes { try drain(to: file) }
    }

    /// Writes the rest and the header, and forces all of it.
    mutating func finish(_ file: borrowing File) throws(StorageError) {
        try drain(to: file)
        let header = JournalFormat.Header(formatVersion: formatVersion, nextSequence: nextSequence)
        try file.write(header.bytes(magic: options.magic), at: 0, for: .rewrite)
        try file.sync()
    }

    private mutating func drain(to file: borrowing File) throws(StorageError) {
        try file.write(buffer, at: end, for: .rewrite)
        end += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    private static let pieceBytes = 64 << 10
}
