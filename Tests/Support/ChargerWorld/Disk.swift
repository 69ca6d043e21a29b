import BusSchema
import ConfigCore
import GatewayCore
import Primitives

/// What the gateway has stored. Written records survive the death of the process, synced ones a power cut too.
struct GatewayDisk: Sendable {
    private(set) var records: [JournalRecord] = []
    /// So many of them are safe from a power cut.
    private(set) var syncedCount = 0
    var snapshot: ConfigSnapshot?

    mutating func append(_ new: [JournalRecord], _ durability: Durability) {
        records += new
        if durability == .synced { syncedCount = records.count }
    }

    mutating func flush() { syncedCount = records.count }

    mutating func compact(_ compaction: JournalCompaction) {
        records = records.filter { compaction.keeps($0) }
        syncedCount = records.count
    }

    /// What was not forced to the disk is there up to some point. Returns what is not.
    mutating func losePower(using random: inout SeededRandom) -> [JournalRecord] {
        let kept = Int.random(in: syncedCount...records.count, using: &random)
        let lost = Array(records[kept...])
        records.removeLast(lost.count)
        syncedCount = kept
        return lost
    }

    /// The journal, folded.
    var restored: RestoredTransactions {
        var restored = RestoredTransactions()
        for record in records { restored.read(record) }
        return restored
    }

    func load(_ query: QueueQuery) -> [QueueEntry] {
        var scan = QueueScan(query)
        for record in records {
            if scan.isComplete { break }
            scan.read(record)
        }
        return scan.entries
    }
}

/// What the config store has stored; everything is synced.
struct ConfigDisk: Sendable {
    var changes: [StoredChange] = []
    var secrets: [String: Secret] = [:]
    /// Files for their owners, by `owner/key`.
    var handedOver: [String: Secret] = [:]

    /// The stored text of a key; nil while it is the default.
    func stored(_ key: String) -> String? { changes.last { $0.change.key == key }?.stored }
}
