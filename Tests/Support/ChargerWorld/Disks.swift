import BusSchema
import ConfigCore
import GatewayCore
import Primitives

/// What the services have stored, and everything that may go wrong when they write.
///
/// What was written survives the death of a process; only what was forced to the disk survives a power cut.
final class Disks {
    /// What the gateway has on its disk.
    private(set) var gateway = GatewayDisk()
    /// What the config store has on its disk.
    private(set) var config = ConfigDisk()
    /// Writes of each service since the world began.
    private(set) var writes = PerService(0)
    private(set) var isFull = false
    /// A fault that ends the process strikes.
    var strike: (PersistFault.Kind, Service) -> Void = { _, _ in }
    /// A write failed.
    var whenFailed: () -> Void = {}

    private let timeline: Timeline
    private let notebook: Notebook
    private var faults: [PersistFault] = []
    /// Writes of each service that still fail.
    private var failing = PerService(0)

    init(_ timeline: Timeline, _ notebook: Notebook) {
        self.timeline = timeline
        self.notebook = notebook
    }

    /// Makes something go wrong at a write.
    func add(_ fault: PersistFault) { faults.append(fault) }

    /// Makes something go wrong at the next write.
    func addNext(_ kind: PersistFault.Kind, of service: Service) {
        add(PersistFault(kind, at: writes[service] + 1, of: service))
    }

    func setFull(_ isFull: Bool) { self.isFull = isFull }

    /// From here on every write succeeds.
    func endFaults() {
        isFull = false
        faults = []
        failing = PerService(0)
    }

    /// What a power cut leaves of it. Returns what it took along.
    func losePower() -> [JournalRecord] {
        gateway.losePower { timeline.pick($0) }
    }

    /// Changes the gateway's disk outside of a counted write.
    func gatewayKeeps(_ body: (inout GatewayDisk) -> Void) { body(&gateway) }

    func writeGateway(_ body: (inout GatewayDisk) -> Void) -> Bool { write(of: .gateway) { body(&gateway) } }

    func writeConfig(_ body: (inout ConfigDisk) -> Void) -> Bool { write(of: .config) { body(&config) } }

    func configKeeps(_ body: (inout ConfigDisk) -> Void) { body(&config) }

    /// One write of a service, with whatever goes wrong at it. Returns whether it was done; its process may be dead afterwards.
    private func write(of service: Service, _ body: () -> Void) -> Bool {
        writes[service] += 1
        let number = writes[service]
        let fault = faults.first { $0.service == service && $0.number == number }?.kind
        switch fault {
        case .diskFull(let count): failing[service] = count
        case .kill(isWritten: false)?, .powerCut(isWritten: false, _)?:
            if let fault { strike(fault, service) }
            return false
        case .kill, .powerCut, nil: break
        }
        guard failing[service] == 0, !isFull else {
            notebook.note("world", "a write of \(service) fails")
            failing[service] = max(failing[service] - 1, 0)
            whenFailed()
            return false
        }
        body()
        switch fault {
        case .kill?, .powerCut?: if let fault { strike(fault, service) }
        case .diskFull, nil: break
        }
        return true
    }
}

/// What the gateway has stored.
struct GatewayDisk: Sendable {
    private(set) var records: [JournalRecord] = []
    /// So many of them are safe from a power cut.
    private(set) var syncedCount = 0
    var documents = Documents()

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
    fileprivate mutating func losePower(_ pick: (Range<Int>) -> Int) -> [JournalRecord] {
        let kept = pick(syncedCount..<records.count + 1)
        let lost = Array(records[kept...])
        records.removeLast(lost.count)
        syncedCount = kept
        return lost
    }

    /// The journal, folded.
    var restored: TransactionLedger {
        var restored = TransactionLedger()
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
