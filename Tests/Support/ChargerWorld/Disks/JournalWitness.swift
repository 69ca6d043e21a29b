import GatewayCore
import Glibc
import JSON
import Primitives
import SimulatedDisk
import Storage

/// Knows what the gateway's journal acknowledged, and holds what lies on the disk against it.
final class JournalWitness {
    typealias Entry = (number: UInt64, record: GatewayCore.JournalRecord)

    private static let path = GatewayDisk.folder + "/transactions.journal"
    private static let reservePath = GatewayDisk.folder + "/transactions.reserve"
    private static let reserveBytes = 1 << 20

    private let files: SimulatedDisk
    private let notebook: Notebook
    /// What was acknowledged and is still needed, with its numbers in the journal, ascending.
    private var kept: [Entry] = []
    private var newestNumber: UInt64 = 0
    private var mayHaveLost = false
    /// The power went before the process began that lives now.
    private var wasCut = false
    /// What a power cut took along, and no process has begun since.
    private var lost: [GatewayCore.JournalRecord] = []
    /// Something was refused, and nothing was taken since.
    private var wasRefused = false
    /// Calls to the disk that failed until the living process began.
    private var failuresBefore = 0

    init(_ files: SimulatedDisk, _ notebook: Notebook) {
        self.files = files
        self.notebook = notebook
    }

    /// The journal as it should be, folded.
    var restored: TransactionLedger {
        var restored = TransactionLedger()
        for entry in kept { restored.read(entry.record) }
        return restored
    }

    // MARK: - Processes

    /// The power went: what was not synced may be gone.
    func powerWasLost() { mayHaveLost = true }

    /// A process is about to read everything. The death of the one before lost nothing; only a power cut may have.
    func aProcessBegins() {
        let missing = missing()
        if mayHaveLost {
            lost += missing
        } else if !missing.isEmpty {
            notebook.violate("without a power cut these records are gone: \(missing)")
        }
        wasCut = mayHaveLost
        mayHaveLost = false
        wasRefused = false
        failuresBefore = files.failures.count
    }

    /// A process has read everything, and made of it what it goes on with. That changes nothing on the disk that anybody needs.
    func aProcessRead(_ read: TransactionLedger) {
        if !isWhatWasPromised(read) { notebook.violate("the gateway read \(read), what it promised was \(restored)") }
        let missing = missing()
        if !missing.isEmpty { notebook.violate("when the journal was opened these records went: \(missing)") }
    }

    /// What lay on the disk when the power went and was not promised yet may be damaged: a gateway that finds it so has to doubt that open
    /// transactions go on.
    private func isWhatWasPromised(_ read: TransactionLedger) -> Bool {
        let promised = restored
        guard read != promised else { return true }
        guard wasCut else { return false }
        var doubting = (read: read, promised: promised)
        doubting.read.missRecords()
        doubting.promised.missRecords()
        return doubting.read == doubting.promised
    }

    /// What power cuts took along since a process began last.
    func takeLost() -> [GatewayCore.JournalRecord] {
        defer { lost = [] }
        return lost
    }

    /// Compares what is there with what was acknowledged.
    private func missing() -> [GatewayCore.JournalRecord] {
        let found = readCopy()
        let records = Dictionary(uniqueKeysWithValues: found?.entries ?? [])
        let lost = kept.filter { records[$0.number] != $0.record }
        kept = found?.entries ?? []
        newestNumber = found?.newestNumber ?? 0
        return lost.map(\.record)
    }

    /// What a new process would find, read from a copy that nobody works on; nil when there is no file.
    private func readCopy() -> (entries: [Entry], newestNumber: UInt64, report: JournalReport)? {
        guard let bytes = files.contents(Self.path) else { return nil }
        let copy = SimulatedDisk(seed: 0, folders: [GatewayDisk.folder])
        copy.put(Self.path, bytes)
        let options = Journal.Options(
            path: Self.path,
            magic: "OCPPTXNS",
            formatVersion: 1,
            maximumRecordBytes: 256 << 10
        )
        var entries: [Entry] = []
        var report = JournalReport()
        var newestNumber: UInt64 = 0
        do throws(StorageError) {
            let opened = try Journal.open(options, files: copy) { stored in
                guard let record = try? JSON.decode(GatewayCore.JournalRecord.self, from: stored.payload) else {
                    return
                }
                entries.append((stored.sequence, record))
            }
            report = opened.report
            newestNumber = opened.journal.nextSequence - 1
        } catch {
            notebook.violate("the journal cannot be read: \(error)")
        }
        return (entries, newestNumber, report)
    }

    // MARK: - Records

    func refused() { wasRefused = true }

    func acknowledged(_ records: [GatewayCore.JournalRecord], _ durability: GatewayCore.Durability) {
        for record in records {
            newestNumber += 1
            kept.append((newestNumber, record))
        }
        if durability == .synced, !isOnPlatter {
            notebook.violate("\(records) are acknowledged and not on the platter")
        }
        // A write of nothing is a sync.
        guard !records.isEmpty else { return }
        if wasRefused { checkRemains(behind: records) }
        if records.allSatisfy(\.isExpendable) { checkReserve(after: records) }
    }

    /// Nothing is left of what was refused once something is taken again: a new process would take the remains for records, or for damage.
    private func checkRemains(behind records: [GatewayCore.JournalRecord]) {
        wasRefused = false
        guard let report = readCopy()?.report, report.tornBytes > 0 || !report.damage.isEmpty else { return }
        notebook.violate("behind \(records) lie the remains of a write that was refused: \(report)")
    }

    /// The room that is kept free is for begins and ends: what can be given up is taken only while all of it is there. Where a device fails
    /// there may be no such room at all.
    private func checkReserve(after records: [GatewayCore.JournalRecord]) {
        guard files.failures.count == failuresBefore, let held = files.contents(Self.reservePath)?.count,
            held < Self.reserveBytes
        else { return }
        notebook.violate("\(records) are taken while only \(held) bytes are kept for begins and ends")
    }

    func dropped(_ compaction: JournalCompaction) { kept.removeAll { !compaction.keeps($0.record) } }

    /// Whether a power cut would leave everything.
    var isOnPlatter: Bool {
        guard let seen = files.contents(Self.path), let durable = files.durableContents(Self.path) else { return false }
        return seen.count == durable.count
            && seen.withUnsafeBytes { seen in
                durable.withUnsafeBytes { durable in
                    guard let left = seen.baseAddress, let right = durable.baseAddress else { return true }
                    return memcmp(left, right, seen.count) == 0
                }
            }
    }
}
