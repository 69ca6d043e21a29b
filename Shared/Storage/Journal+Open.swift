extension Journal {
    /// Opens the journal, or makes a new one, and hands every record to `onRecord` in order, one at a time.
    ///
    /// A torn tail is cut off and kept in a file of its own. After damage in the middle, or when both copies of the header are lost, all
    /// sound records are kept, the file is rewritten and the original set aside. So it is when a block cannot be read, however often
    /// `tryAgain` says; nothing is cut off then. Of one in which no record can be found because of such blocks nothing is known, and opening fails, so that
    /// whoever opens tries again. A file that is another's, or newer, is set aside as a whole and a new journal begun.
    ///
    /// - Parameters:
    ///   - options: What it is called and may contain.
    ///   - reserve: Room on the disk that immediate records may use.
    ///   - files: Where it lies.
    ///   - tryAgain: How long a device is waited for that cannot read.
    ///   - onRecord: Gets every record.
    /// - Returns: The journal, and what was found.
    /// - Throws: `StorageError.inUse` when another process has it open; `.full` when the disk has no room for a new one, or for the
    ///   salvage of one that cannot be read; `.system` when the folder cannot be used or the device fails. Nothing was changed then, but
    ///   records may have been handed out.
    public static func open(
        _ options: Options,
        reserve: SpaceReserve? = nil,
        files: any FileSystem = KernelFileSystem(),
        tryAgain: @escaping DevicePatience = { _ in false },
        onRecord: (JournalRecord) -> Void
    ) throws(StorageError) -> (journal: Journal, report: JournalReport) {
        var report = JournalReport()
        let directory = Directory(files: files, meter: WriteMeter())
        switch try directory.openRegular(options.path, .readWrite, tryAgain) {
        case .absent:
            break
        case .unfit(let reason):
            report.setAside = try directory.setAside(options.path, reason: reason)
        case .file(let file):
            try file.lock()
            // A compaction that was cut short; its original is this one. Only who has the lock may know that nobody is at it.
            directory.discard(options.temporaryPath)
            if let journal = try salvage(file, options, directory, reserve, tryAgain, &report, onRecord) {
                report.moved = directory.moved.take()
                return (journal, report)
            }
        }
        let journal = try create(options, directory, reserve)
        report.moved = directory.moved.take()
        return (journal, report)
    }

    private static func create(
        _ options: Options,
        _ directory: Directory,
        _ reserve: SpaceReserve?
    ) throws(StorageError) -> Journal {
        let header = JournalFormat.Header(formatVersion: options.formatVersion, nextSequence: 1)
        let path = options.temporaryPath
        do throws(StorageError) {
            let file = try directory.replace(path, permissions: 0o640)
            try file.lock()
            try file.write(header.bytes(magic: options.magic), at: 0, for: .rewrite)
            try file.sync()
            try directory.rename(path, to: options.path)
            try directory.sync(containing: path)
            file.path = options.path
            return Journal(
                options: options,
                directory: directory,
                file: file,
                header: header,
                end: header.recordsStart,
                reserve: reserve
            )
        } catch {
            directory.discard(path)
            throw error
        }
    }

    /// Takes what is there; nil when the file was set aside as a whole.
    private static func salvage(
        _ file: File,
        _ options: Options,
        _ directory: Directory,
        _ reserve: SpaceReserve?,
        _ tryAgain: @escaping DevicePatience,
        _ report: inout JournalReport,
        _ onRecord: (JournalRecord) -> Void
    ) throws(StorageError) -> Journal? {
        let size = try askPatiently(tryAgain) { () throws(StorageError) in try file.size }
        let (start, hasBadBlocks) = try file.readSalvaging(
            JournalFormat.largestHeaderBytes,
            at: 0,
            tryAgain: tryAgain
        )
        var reason = hasBadBlocks ? "blocks of it cannot be read" : nil
        var header = JournalFormat.Header(formatVersion: options.formatVersion, nextSequence: 1)
        var isLost = false
        switch JournalFormat.header(
            in: start,
            magic: options.magic,
            newestVersion: options.formatVersion
        )
        {
        case .foreign(let foreign):
            if hasBadBlocks { throw .unreadable(options.path) }
            report.setAside = try directory.setAside(options.path, reason: foreign)
            return nil
        case .lost:
            isLost = true
            reason = reason ?? "its header is damaged"
        case .sound(let found, let isFlawed):
            header = found
            if isFlawed { reason = reason ?? "its header is damaged" }
        }
        let journal = Journal(
            options: options,
            directory: directory,
            file: file,
            header: header,
            end: size,
            reserve: reserve
        )
        let scan = try journal.scan(from: isLost ? 0 : header.recordsStart, tryAgain, &report, onRecord)
        if isLost {
            guard journal.count > 0 else {
                // Nothing could be read, which says nothing about what is there: the device may answer again in a moment.
                if hasBadBlocks || scan.hasBadBlocks { throw .unreadable(options.path) }
                report.setAside = try directory.setAside(options.path, reason: "its header is damaged")
                report.tornBytes = 0
                return nil
            }
            // Which numbers were used behind the last record is lost with the header; so many are left out.
            journal.nextSequence += lostNumbers
        }
        if scan.hasBadBlocks { reason = reason ?? "blocks of it cannot be read" }
        if let damage = report.damage.first { reason = reason ?? "damage at byte \(damage.offset)" }
        if scan.tornBytes > JournalTail.maximumBytes + JournalFormat.maximumRecordBytes {
            reason = reason ?? "its last \(scan.tornBytes) bytes are no records"
        }
        try journal.settle(
            scan,
            reason,
            mustRepair: isLost || hasBadBlocks || scan.hasBadBlocks,
            &report
        )
        return journal
    }

    private struct Scan {
        var tornBytes: Int64
        var hasBadBlocks: Bool
    }

    /// Reads everything once and notes where records are; `end` is that of the last one afterwards.
    private func scan(
        from start: Int64,
        _ tryAgain: @escaping DevicePatience,
        _ report: inout JournalReport,
        _ onRecord: (JournalRecord) -> Void
    ) throws(StorageError) -> Scan {
        var scanner = JournalScanner(from: start, to: end, minimum: 1, badBlocks: .skip(tryAgain))
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
                nextSequence = max(nextSequence, record.sequence + 1)
                onRecord(record)
            case .damage(let offset, let bytes):
                damaged = (offset, bytes)
            case .end(let offset, let tornBytes):
                report.records = count
                report.tornBytes = tornBytes
                end = offset
                return Scan(tornBytes: tornBytes, hasBadBlocks: scanner.hasBadBlocks)
            }
        }
    }

    /// Leaves a file that is sound and on the device: repaired, or with its tail cut off.
    private func settle(
        _ scan: Scan,
        _ reason: String?,
        mustRepair: Bool,
        _ report: inout JournalReport
    ) throws(StorageError) {
        if let reason {
            do throws(StorageError) {
                return try repair(reason, &report)
            } catch {
                // What cannot be read must not be cut off. Else it works all the same, and the next start tries again.
                if mustRepair { throw error }
            }
        }
        if scan.tornBytes > 0 {
            report.cutKeptAs = try directory.keepCut(
                from: file,
                at: end,
                bytes: scan.tornBytes,
                path: options.path
            )
            try file.truncate(to: end)
        }
        // Who wrote this may have been killed before it forced the file or its name: what was found here must not be lost later.
        tail.isDoubtful = true
        try file.sync()
        try directory.sync(containing: options.path)
        tail.isDoubtful = false
    }

    /// Keeps the original under another name and rewrites the journal without the damage.
    private func repair(_ reason: String, _ report: inout JournalReport) throws(StorageError) {
        let original = try directory.linkAside(options.path, reason: reason)
        isOriginalKept = true
        defer { isOriginalKept = false }
        do throws(StorageError) {
            try rewriteSalvaging()
        } catch {
            directory.discard(original.keptAs)
            throw error
        }
        report.setAside = original
    }

    private static let lostNumbers: UInt64 = 1 << 20
}
