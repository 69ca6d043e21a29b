internal import ConfigCore
internal import JSON
internal import Log
internal import Primitives
internal import Storage

/// The changes on disk, one JSON record each.
final class SettingsJournal {
    private let store: ResilientJournal
    private let log: Log
    /// How many records there may be before the next compaction is tried.
    private var limit = SettingsJournal.firstLimit

    /// Opens the journal in `folder` and hands out every change in order. A folder that nothing can be written to, because it is mounted
    /// read-only for instance, is read all the same: see `obstacle`.
    /// - Throws: `StorageError` when another process uses it, or the device fails.
    init(
        folder: String,
        files: any FileSystem = KernelFileSystem(),
        tryAgain: @escaping DevicePatience = { _ in false },
        log: Log,
        restore: (StoredChange) -> Void
    ) throws(StorageError) {
        var changes: [StoredChange] = []
        let path = folder + "/settings.journal"
        let options = Journal.Options(path: path, magic: "CHGCONFG", formatVersion: 1)
        var found = JournalReport()
        store = try ResilientJournal(
            options,
            files: files,
            tryAgain: tryAgain,
            onBegin: { changes = [] },
            onRecord: { record in
                do throws(DecodingError) {
                    changes.append(try JSON.decode(StoredChange.self, from: record.payload))
                } catch {
                    let flaw = JSON.describe(error: error)
                    log.write(
                        LogRecord(
                            .error,
                            "a stored change is not understood and left alone",
                            .init("sequence", record.sequence),
                            .init("why", "\(flaw.path): \(flaw.problem)")
                        )
                    )
                }
            },
            onOpen: { found = $0 }
        )
        self.log = log
        report(found)
        for change in changes { restore(change) }
    }

    /// Why nothing can be stored, since the folder was found so at the start; nil once it is otherwise. Each change tries.
    var obstacle: StorageError? { store.obstacle }

    /// The folder can be written again and holds other changes than those that were handed out. Whoever goes by those has to begin anew, and
    /// nothing is stored before.
    var isAnother: Bool { store.isAnother }

    private var journal: Journal { store.journal }

    /// What it has written since it was opened.
    var written: WriteCounters { journal.written }

    /// Durable when this returns.
    /// - Throws: `StorageError`.
    func append(_ change: StoredChange) throws {
        if let found = try store.overcomeObstacle() { report(found) }
        try journal.append(try JSON.encode(change), durability: .immediate)
    }

    /// Begins to drop what nobody needs any more, once that is most of it. A failure is logged and tried again much later.
    /// - Parameter needs: Asked for each change that was there, until the end: what it once said no to must not be needed later.
    /// - Returns: Whether a compaction has begun: then `continueCompaction` has to be called until it returns false.
    func beginCompactionIfWorthwhile(needs: @escaping (StoredChange) -> Bool) -> Bool {
        guard journal.count > limit, !journal.isCompacting else { return false }
        return attempt { () throws(StorageError) in
            try journal.beginCompaction { record in
                // What is not understood may be a newer version's: it stays.
                guard let change = try? JSON.decode(StoredChange.self, from: record.payload) else {
                    return record.payload
                }
                return needs(change) ? record.payload : nil
            }
            return true
        }
    }

    /// Does a part of the compaction that is short enough for one turn of the loop: it reads 64 KiB at most.
    /// - Returns: Whether there is more to do.
    func continueCompaction() -> Bool {
        attempt { () throws(StorageError) in
            guard try journal.continueCompaction() else { return true }
            limit = max(Self.firstLimit, 2 * journal.count)
            return false
        }
    }

    private func attempt(_ part: () throws(StorageError) -> Bool) -> Bool {
        do throws(StorageError) {
            return try part()
        } catch {
            log.write(LogRecord(.error, "the settings cannot be compacted", .init("why", error)))
            limit = max(Self.firstLimit, 2 * journal.count)
            return false
        }
    }

    private func report(_ report: JournalReport) {
        for moved in report.moved { log.write(LogRecord(.warning, moved.description)) }
        if report.tornBytes > 0 {
            log.write(LogRecord(.notice, "an unfinished change was dropped", .init("bytes", report.tornBytes)))
        }
        if !report.damage.isEmpty {
            log.write(
                LogRecord(.error, "settings were damaged; all others are kept", .init("places", report.damage.count))
            )
        }
        if let doubt = report.doubt {
            log.write(LogRecord(.error, "settings cannot be forced to the device", .init("why", doubt)))
        }
        if let setAside = report.setAside { log.write(LogRecord(.error, setAside.description)) }
    }

    private static let firstLimit = 2000
}
