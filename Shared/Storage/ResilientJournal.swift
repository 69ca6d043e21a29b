/// A journal whose owner must not be kept from starting: where it cannot be written, for want of permission or room, it is read and left as it
/// is, until it can be. A file system that was mounted read-only, most likely.
///
/// A device that fails is not worked around: what it says of records that an earlier process wrote and did not force may not last.
public final class ResilientJournal {
    /// The journal. While there is an `obstacle` nothing can be appended to it.
    public private(set) var journal: Journal
    /// Why nothing can be stored, since it was found so at the start; nil once it is otherwise.
    public private(set) var obstacle: StorageError?
    /// It can be written again and holds other records than those that were handed out, because a file system was mounted over the folder for
    /// instance. Whoever goes by those has to begin anew, and nothing is stored before.
    public private(set) var isAnother = false

    private let reserve: () -> SpaceReserve?
    private let files: any FileSystem
    /// There may be records, and none could be read.
    private let isUnread: Bool

    /// Opens the journal as `Journal.open` does, or reads it.
    /// - Parameters:
    ///   - options: What it is called and may contain.
    ///   - reserve: Makes room on the disk that immediate records may use; called again when the obstacle is gone.
    ///   - files: Where it lies.
    ///   - tryAgain: How long a device is waited for that cannot read.
    ///   - replacesUnreadable: As of `Journal.open`; where there is an obstacle, what cannot be read counts as empty.
    ///   - onBegin: Called before the first record is handed out, and again when all of them come once more.
    ///   - onRecord: Gets every record.
    ///   - onOpen: Gets what was found.
    /// - Throws: `StorageError.inUse` when another process has it open; the reason why it cannot be written when it cannot be read either, or
    ///   when the device fails.
    public init(
        _ options: Journal.Options,
        reserve: @escaping () -> SpaceReserve? = { nil },
        files: any FileSystem = KernelFileSystem(),
        tryAgain: @escaping DevicePatience = { _ in false },
        replacesUnreadable: Bool = false,
        onBegin: () -> Void = {},
        onRecord: (JournalRecord) -> Void,
        onOpen: (JournalReport) -> Void = { _ in }
    ) throws(StorageError) {
        self.reserve = reserve
        self.files = files
        onBegin()
        let reason: StorageError
        do throws(StorageError) {
            let (journal, report) = try Journal.open(
                options,
                reserve: reserve(),
                files: files,
                tryAgain: tryAgain,
                replacesUnreadable: replacesUnreadable,
                onRecord: onRecord
            )
            self.journal = journal
            isUnread = false
            onOpen(report)
            return
        } catch {
            guard !error.isInUse, !error.isDeviceError else { throw error }
            reason = error
        }
        obstacle = reason
        onBegin()
        let directory = Directory(files: files, meter: WriteMeter())
        do throws(StorageError) {
            let (journal, report) = try Journal.openForReading(options, directory, reason, tryAgain, onRecord)
            self.journal = journal
            isUnread = false
            onOpen(report)
        } catch {
            guard replacesUnreadable, !error.isDeviceError else { throw reason }
            onBegin()
            journal = Journal.nothing(options, directory, reason)
            isUnread = true
            onOpen(JournalReport())
        }
    }

    /// Whether records are there, or may be, that were not handed out.
    public var missesRecords: Bool { isUnread }

    /// To be called before anything is appended: tries to open for writing what could only be read so far. The folder is made where it is
    /// missing.
    ///
    /// Reads everything in one go. That is once after trouble, and nothing can be stored before.
    /// - Returns: What was found; nil where there was no obstacle.
    /// - Throws: `StorageError` while it cannot be opened, or `isAnother`.
    public func overcomeObstacle() throws(StorageError) -> JournalReport? {
        guard let obstacle else { return nil }
        guard !isAnother else { throw obstacle }
        let folder = Directory.containing(journal.options.path)
        do throws(Errno) {
            try files.makeFolder(folder, permissions: 0o750)
        } catch {
            // It is there, or the opening says what is wrong.
        }
        let (found, report) = try Journal.open(journal.options, files: files) { _ in }
        guard !isUnread, try journal.hasSameRecords(as: found) else {
            isAnother = true
            throw obstacle
        }
        found.reserve = reserve()
        journal = found
        self.obstacle = nil
        return report
    }

    /// Names of the files beside it in which an original was kept that could not be read or understood as a whole, now or earlier; none where
    /// the folder cannot be read.
    public var filesKeptAside: [String] {
        let path = journal.options.path
        let name = path.split(separator: "/").last ?? ""
        do throws(Errno) {
            let names = try files.names(inFolder: Directory.containing(path))
            return names.filter { $0.hasPrefix("\(name).unreadable-") }.sorted()
        } catch {
            return []
        }
    }
}
