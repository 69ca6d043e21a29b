import SimulatedDisk
import Storage

/// A journal and a document on a simulated disk.
struct DiskBench {
    let disk: SimulatedDisk
    var options = Journal.Options(
        path: "/state/log",
        magic: "TESTJRNL",
        formatVersion: 1,
        maximumRecordBytes: 100_000
    )

    init(seed: UInt64 = 1) { self.init(disk: SimulatedDisk(seed: seed)) }

    init(disk: SimulatedDisk) { self.disk = disk }

    func open(
        reserve: SpaceReserve? = nil,
        replacesUnreadable: Bool = false,
        tryAgain: @escaping DevicePatience = { _ in false }
    ) throws(StorageError) -> (journal: Journal, records: [JournalRecord], report: JournalReport) {
        var records: [JournalRecord] = []
        let (journal, report) = try Journal.open(
            options,
            reserve: reserve,
            files: disk,
            tryAgain: tryAgain,
            replacesUnreadable: replacesUnreadable
        ) {
            records.append($0)
        }
        return (journal, records, report)
    }

    func document(keepsPrevious: Bool = false) -> AtomicDocument {
        AtomicDocument(
            path: "/state/doc",
            magic: "test-doc",
            formatVersion: 1,
            maximumBytes: 100_000,
            keepsPrevious: keepsPrevious,
            files: disk
        )
    }
}

extension Journal {
    /// Compacts in one go, as nobody may in a service.
    func compact(keeping: @escaping (JournalRecord) -> [UInt8]?) throws(StorageError) {
        try beginCompaction(keeping: keeping)
        while try !continueCompaction(maximumBytes: 1 << 20) {}
    }
}
