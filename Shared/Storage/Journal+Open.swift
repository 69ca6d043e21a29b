extension Journal {
    /// Opens the journal, or makes a new one, and hands every record to `onRecord` in order, one at a time.
    ///
    /// A torn tail is cut off and kept in a file of its own. After damage in the middle, or when both copies of the header are lost, all
    /// sound records are kept, the file is rewritten and the original set aside. So it is when a block cannot be read, however often
    /// `tryAgain` says; nothing is cut off then. Of one in which no record can be found because of such blocks nothing is known, and
    /// opening fails, so that whoever opens tries again; who cannot do without for ever begins anew with `replacesUnreadable`. Numbers that
    /// unreadable blocks may have used are left out. What a device reads and cannot be forced to is handed out all the same, and `doubt` says so:
    /// the next immediate append or flush writes everything anew first. A file that is another's, or newer, is set aside as a whole and a new journal begun.
    ///
    /// - Parameters:
    ///   - options: What it is called and may contain.
    ///   - reserve: Room on the disk that immediate records may use.
    ///   - files: Where it lies.
    ///   - tryAgain: How long a device is waited for that cannot read.
    ///   - replacesUnreadable: When that is over and not one record could be read, the file is set aside and a new journal begun.
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
        replacesUnreadable: Bool = false,
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
            let reading = Reading(tryAgain: tryAgain, replacesUnreadable: replacesUnreadable)
            if let journal = try salvage(file, options, directory, reserve, reading, &report, onRecord) {
                report.moved = directory.moved.take()
                return (journal, report)
            }
        }
        let journal = try create(options, directory, reserve)
        report.moved = directory.moved.take()
        return (journal, report)
    }

    /// What is done about a device that cannot read.
    private struct Reading {
        var tryAgain: DevicePatience
        var replacesUnreadable: Bool
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
        _ reading: Reading,
        _ report: inout JournalReport,
        _ onRecord: (JournalRecord) -> Void
    ) throws(StorageError) -> Journal? {
        let size = try askPatiently(reading.tryAgain) { () throws(StorageError) in try file.size }
        guard size <= options.maximumFileBytes else {
            let reason = "it has \(size) bytes, and never more than \(options.maximumFileBytes) are written"
            report.setAside = try directory.setAside(options.path, reason: reason)
            return nil
        }
        let (start, hasBadBlocks) = try file.readSalvaging(
            JournalFormat.largestHeaderBytes,
            at: 0,
            tryAgain: reading.tryAgain
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
        let scan = try journal.scan(from: isLost ? 0 : header.recordsStart, reading.tryAgain, &report, onRecord)
        let hasUnreadRecords = scan.hasBadBlocks || isLost && hasBadBlocks
        if journal.count == 0, hasUnreadRecords {
            // Nothing could be read, which says nothing about what is there: the device may answer again in a moment.
            guard reading.replacesUnreadable else { throw .unreadable(options.path) }
            reason = "the device can read no record of it"
        } else if journal.count == 0, isLost {
            report.setAside = try directory.setAside(options.path, reason: "its header is damaged")
            report.tornBytes = 0
            return nil
        }
        journal.leaveOutNumbers(behind: scan, headerIsLost: isLost)
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
        /// Where it began.
        var start: Int64
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
                return Scan(start: start, tornBytes: tornBytes, hasBadBlocks: scanner.hasBadBlocks)
            }
        }
    }

    /// Numbers that may have been used behind the last record that was found do not come again.
    private func leaveOutNumbers(behind scan: Scan, headerIsLost: Bool) {
        var count: UInt64 = headerIsLost ? Self.lostNumbers : 0
        // No record is shorter than that.
        if scan.hasBadBlocks { count += UInt64(scan.tornBytes) / UInt64(JournalFormat.recordHeaderBytes) }
        nextSequence = min(nextSequence + count, JournalFormat.maximumSequence)
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
                return try repair(scan, reason, &report)
            } catch {
                // What cannot be read must not be cut off. Else it works all the same, and the next start tries again.
                if mustRepair { throw error }
            }
        }
        if scan.tornBytes > 0, report.setAside == nil {
            report.cutKeptAs = try directory.keepCut(
                from: file,
                at: end,
                bytes: scan.tornBytes,
                path: options.path
            )
            // What a device does not let go now is cut off before anything is written behind it.
            tail.hasDebris = true
            do throws(StorageError) { try cutDebris() } catch { report.doubt = error }
        }
        // Who wrote this may have been killed before it forced the file or its name: what was found here must not be lost later.
        try force(&report)
    }

    /// Brings the file and its name to the device. One that fails leaves the journal doubtful, with what may be in the kernel's memory only in
    /// ours: nobody may begin anything on it, and somebody who charges must not be left alone.
    private func force(_ report: inout JournalReport) throws(StorageError) {
        do throws(StorageError) {
            tail.isDoubtful = true
            try file.sync()
            try directory.sync(containing: options.path)
            tail.isDoubtful = false
        } catch {
            report.doubt = error
            tail.unsynced = try newestBytes()
        }
    }

    /// The newest records, from the first of those on that one may have written since its last sync.
    private func newestBytes() throws(StorageError) -> [UInt8] {
        let earliest = end - Int64(JournalTail.maximumBytes)
        var scanner = JournalScanner(from: index.firstOffset ?? end, to: end, minimum: 1, badBlocks: .fail)
        var start: Int64?
        var found = 0
        scanning: while true {
            switch try scanner.next(in: file) {
            case .record(_, let offset):
                if offset >= earliest { start = start ?? offset }
                found += 1
            case .damage: start = nil
            case .end: break scanning
            }
        }
        let bytes = try start.map { start throws(StorageError) in try file.read(Int(end - start), at: start) } ?? []
        // What was handed out must not be missing because the device reads it no longer.
        guard found == count, start.map({ Int64(bytes.count) == end - $0 }) ?? true else {
            throw .unreadable(options.path)
        }
        return bytes
    }

    /// Keeps the original under another name and rewrites the journal without the damage.
    private func repair(_ scan: Scan, _ reason: String, _ report: inout JournalReport) throws(StorageError) {
        let damaged = file
        let original = try directory.linkAside(options.path, reason: reason)
        condition = .originalKept
        defer { condition = .usual }
        do throws(StorageError) {
            try rewriteSalvaging(from: scan.start, to: end + scan.tornBytes)
            report.setAside = original
        } catch {
            guard file === damaged else {
                // The new file has the name already, and the other name is all that is left of the original.
                report.setAside = original
                return try force(&report)
            }
            directory.discard(original.keptAs)
            throw error
        }
    }

    /// A lost header knew of numbers above the last record: of records that a compaction dropped.
    private static let lostNumbers: UInt64 = 1 << 20

    // MARK: - To be read only

    /// Opens it to be read only, and changes nothing. What was read is forced to the device as far as that can be done.
    static func openForReading(
        _ options: Options,
        _ directory: Directory,
        _ obstacle: StorageError,
        _ tryAgain: @escaping DevicePatience,
        _ onRecord: (JournalRecord) -> Void
    ) throws(StorageError) -> (journal: Journal, report: JournalReport) {
        guard case .file(let file) = try directory.openRegular(options.path, .read, tryAgain) else {
            return (nothing(options, directory, obstacle), JournalReport())
        }
        var report = JournalReport()
        let size = try askPatiently(tryAgain) { () throws(StorageError) in try file.size }
        guard size <= options.maximumFileBytes else { return (nothing(options, directory, obstacle), report) }
        let (start, _) = try file.readSalvaging(JournalFormat.largestHeaderBytes, at: 0, tryAgain: tryAgain)
        let found: JournalFormat.Header
        var isLost = false
        switch JournalFormat.header(in: start, magic: options.magic, newestVersion: options.formatVersion) {
        case .foreign:
            // What another program wrote is set aside once that is possible.
            return (nothing(options, directory, obstacle), report)
        case .lost:
            isLost = true
            found = JournalFormat.Header(formatVersion: options.formatVersion, nextSequence: 1)
        case .sound(let header, _):
            found = header
        }
        let journal = Journal(
            options: options,
            directory: directory,
            file: file,
            header: found,
            end: size,
            reserve: nil
        )
        journal.condition = .readOnly(obstacle)
        let scan = try journal.scan(from: isLost ? 0 : found.recordsStart, tryAgain, &report, onRecord)
        journal.leaveOutNumbers(behind: scan, headerIsLost: isLost)
        // Nothing is cut off, so nothing was: the next one that can write says so.
        report.tornBytes = 0
        do throws(StorageError) {
            try file.sync()
        } catch {
            if error.isDeviceError { throw error }
        }
        return (journal, report)
    }

    /// A journal of which there is no file that could be used.
    static func nothing(_ options: Options, _ directory: Directory, _ obstacle: StorageError) -> Journal {
        let header = JournalFormat.Header(formatVersion: options.formatVersion, nextSequence: 1)
        let journal = Journal(
            options: options,
            directory: directory,
            file: File(nothingAt: options.path, in: directory.files, meter: directory.meter),
            header: header,
            end: header.recordsStart,
            reserve: nil
        )
        journal.condition = .readOnly(obstacle)
        return journal
    }

    /// Whether both hold the same records.
    func hasSameRecords(as other: Journal) throws(StorageError) -> Bool {
        guard count == other.count else { return false }
        var mine = JournalCursor()
        var others = JournalCursor()
        while !mine.isAtEnd || !others.isAtEnd {
            guard try readSlice(&mine) == other.readSlice(&others) else { return false }
        }
        return true
    }
}
