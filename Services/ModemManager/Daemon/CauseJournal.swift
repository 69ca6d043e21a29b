internal import BusSchema
internal import JSON
internal import Log
internal import Primitives
internal import Storage

/// The journal of causes on disk, one JSON record for each entry, and the newest of them in memory.
///
/// Nobody's work depends on it: where it cannot be opened or written, the uplinks are watched all the same, and the log says so once.
final class CauseJournal {
    /// How many entries are kept; twice as many are on disk before the older ones are dropped.
    static let kept = 1000
    /// Far above what so many entries take, also where a disk that fails puts off that the older ones are dropped, and read within a second or two.
    private static let mostBytes: Int64 = 16 << 20

    private var store: ResilientJournal?
    private let log: Log
    private(set) var entries: [UplinkHistory.Entry] = []
    private var hasComplained = false

    init(folder: String, tryAgain: @escaping DevicePatience, log: Log) {
        self.log = log
        let options = Journal.Options(
            path: folder + "/uplinks.journal",
            magic: "CHGUPLNK",
            formatVersion: 1,
            maximumFileBytes: Self.mostBytes
        )
        var read: [UplinkHistory.Entry] = []
        do throws(StorageError) {
            store = try ResilientJournal(
                options,
                tryAgain: tryAgain,
                replacesUnreadable: true,
                onBegin: { read = [] },
                onRecord: { record in
                    // What a newer version wrote is left alone.
                    guard let entry = try? JSON.decode(UplinkHistory.Entry.self, from: record.payload) else { return }
                    read.append(entry)
                    if read.count >= 2 * Self.kept { read.removeFirst(Self.kept) }
                },
                onOpen: { report in
                    for moved in report.moved { log.write(LogRecord(.warning, moved.description)) }
                    if let setAside = report.setAside { log.write(LogRecord(.error, setAside.description)) }
                }
            )
        } catch {
            complain(error)
        }
        entries = Array(read.suffix(Self.kept))
    }

    /// Of the next entry.
    var nextNumber: Int64 { entries.last.map { max($0.number, 0).addingClamped(1) } ?? 1 }
    var written: WriteCounters? { store?.journal.written }

    func append(_ entry: UplinkHistory.Entry) {
        entries.append(entry)
        if entries.count >= 2 * Self.kept { entries.removeFirst(Self.kept) }
        guard let store else { return }
        do {
            _ = try store.overcomeObstacle()
            // Written at once and forced later: a power cut may take the last lines of a story, and flash is spared.
            try store.journal.append(try JSON.encode(entry), durability: .batched)
            hasComplained = false
        } catch {
            complain(error)
        }
    }

    /// Begins to drop what is too old, once that is half of it.
    /// - Returns: Whether `continueCompaction` has to be called until it returns false.
    func beginCompactionIfWorthwhile() -> Bool {
        guard let journal = store?.journal, journal.count > 2 * Self.kept, !journal.isCompacting else { return false }
        let oldest = entries.suffix(Self.kept).first?.number ?? 0
        do throws(StorageError) {
            try journal.beginCompaction { record in
                guard let entry = try? JSON.decode(UplinkHistory.Entry.self, from: record.payload) else { return nil }
                return entry.number >= oldest ? record.payload : nil
            }
            return true
        } catch {
            complain(error)
            return false
        }
    }

    func continueCompaction() -> Bool {
        guard let journal = store?.journal else { return false }
        do throws(StorageError) {
            return try !journal.continueCompaction()
        } catch {
            complain(error)
            return false
        }
    }

    func flush() {
        guard let journal = store?.journal, journal.needsFlush else { return }
        do throws(StorageError) { try journal.flush() } catch { complain(error) }
    }

    private func complain(_ error: any Error) {
        guard !hasComplained else { return }
        hasComplained = true
        log.write(LogRecord(.error, "the journal of the uplinks cannot be kept", .init("why", "\(error)")))
    }
}
