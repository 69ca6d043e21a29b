extension Journal {
    /// Opens the journal, or makes a new one, and hands every record to `onRecord` in order, one at a time.
    ///
    /// A torn tail is cut off. After damage in the middle all sound records are kept, the file is rewritten without the damage and the
    /// original set aside. A file whose header cannot be read, or is newer, is set aside as a whole and a new journal begun.
    ///
    /// - Throws: `StorageError.inUse` when another process has it open; `.full` when the disk has no room for a new one;
    ///   `.system` when the folder cannot be used.
    public static func open(
        _ options: Options,
        reserve: SpaceReserve? = nil,
        files: any FileSystem = KernelFileSystem(),
        onRecord: (JournalRecord) -> Void
    ) throws(StorageError) -> (journal: Journal, report: JournalReport) {
        var report = JournalReport()
        let directory = Directory(files: files, meter: WriteMeter())
        let opened = try directory.openRegular(options.path, .readWrite)
        switch consume opened {
        case .absent:
            break
        case .unfit(let reason):
            report.setAside = try directory.setAside(options.path, reason: reason)
        case .file(let file):
            try file.lock()
            // A compaction that was cut short; its original is this one. Only who has the lock may know that nobody is at it.
            try directory.remove(options.temporaryPath)
            let bytes = try file.read(JournalFormat.headerBytes, at: 0, zeroingBadBlocks: true)
            switch JournalFormat.header(in: bytes, magic: options.magic, newestVersion: options.formatVersion) {
            case .unreadable(let reason):
                report.setAside = try directory.setAside(options.path, reason: reason)
            case .sound(let header, let flawed):
                let size = try file.size
                let journal = Journal(
                    options: options,
                    directory: directory,
                    file: file,
                    header: header,
                    end: size,
                    reserve: reserve
                )
                try journal.scan(&report, onRecord)
                if flawed || !report.damage.isEmpty { journal.repair(&report) }
                return (journal, report)
            }
        }
        return (try create(options, directory, reserve), report)
    }

    private static func create(
        _ options: Options,
        _ directory: Directory,
        _ reserve: SpaceReserve?
    ) throws(StorageError) -> Journal {
        let header = JournalFormat.Header(formatVersion: options.formatVersion, nextSequence: 1)
        let path = options.temporaryPath
        let bytes = header.bytes(magic: options.magic)
        do throws(StorageError) {
            var file = try directory.replace(path, permissions: 0o640)
            try file.lock()
            try file.write(bytes, at: 0, for: .rewrite)
            try file.sync()
            try directory.rename(path, to: options.path)
            try directory.sync(containing: path)
            file.path = options.path
            let end = Int64(bytes.count)
            return Journal(
                options: options,
                directory: directory,
                file: file,
                header: header,
                end: end,
                reserve: reserve
            )
        } catch {
            directory.discard(path)
            throw error
        }
    }

    /// Reads everything once: notes where records are, and cuts the torn tail.
    private func scan(_ report: inout JournalReport, _ onRecord: (JournalRecord) -> Void) throws(StorageError) {
        var scanner = JournalScanner(from: Int64(JournalFormat.headerBytes), to: end, minimum: 1)
        var damaged: (offset: Int64, bytes: Int64)?
        while true {
            switch try scanner.next(in: file) {
            case .record(let record, let offset):
                if let damaged, report.damage.count < 16 {
                    report.damage.append(
                        .init(offset: damaged.offset, bytes: damaged.bytes, nextSequence: record.sequence)
                    )
                }
                damaged = nil
                index.add(record.sequence, at: offset)
                count += 1
                nextSequence = max(nextSequence, record.sequence + 1)
                onRecord(record)
            case .damage(let offset, let bytes):
                damaged = (offset, bytes)
            case .end(let offset, let tornBytes):
                report.records = count
                report.tornBytes = tornBytes
                if tornBytes > 0 {
                    try file.truncate(to: offset)
                    try file.sync()
                    end = offset
                }
                return
            }
        }
    }

    /// Keeps the original under another name and rewrites the journal without the damage.
    private func repair(_ report: inout JournalReport) {
        let reason = report.damage.first.map { "damage at byte \($0.offset)" } ?? "its header is damaged"
        do throws(StorageError) {
            let original = try directory.linkAside(options.path, reason: reason)
            do throws(StorageError) {
                try rewrite(keeping: \.payload, formatVersion: formatVersion)
            } catch {
                try directory.remove(original.keptAs)
                throw error
            }
            report.setAside = original
        } catch {
            // No room, most likely: `damage` without `setAside` says so. The journal works all the same, and the next start tries again.
        }
    }
}

extension Journal.Options {
    var temporaryPath: String { path + ".new" }
}
