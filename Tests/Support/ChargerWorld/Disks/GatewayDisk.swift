import GatewayCore
import GatewayStorage
import Primitives
import SimulatedDisk
import Storage

/// The gateway's disk, with the journal of transactions and the documents that the daemon keeps on it.
final class GatewayDisk {
    /// What a new process finds.
    struct Found {
        var restored: TransactionLedger
        var documents: Documents
        /// Acknowledged records that are gone.
        var lost: [GatewayCore.JournalRecord]
        /// Why what was found could not be forced to the device.
        var doubt: String?
    }

    static let folder = "/var/lib/charger/gateway"

    let files: SimulatedDisk
    private let notebook: Notebook
    /// While the process lives.
    private var journal: TransactionJournal?
    private var documents: DocumentFiles?
    /// What the journal acknowledged.
    private let witness: JournalWitness
    /// The authorization cache as it was acknowledged last, and those whose save was not acknowledged since: the disk may have them all the same.
    private(set) var cache = (saved: AuthorizationCacheDocument(), maybe: [AuthorizationCacheDocument]())
    /// The last save of it before this process was not acknowledged, or the process could not read it.
    private(set) var wasCacheRefused = false
    /// What is out of service by the documents that were acknowledged.
    private(set) var outOfService: Set<Int> = []
    /// The process could not read them and saved none since: all connectors are to be out of service.
    private var isUnread = false
    /// The same by documents whose save was not acknowledged since: the disk may have them all the same.
    private var mayHaveSaved: Set<Set<Int>> = []

    init(_ files: SimulatedDisk, _ notebook: Notebook) {
        self.files = files
        self.notebook = notebook
        witness = JournalWitness(files, notebook)
    }

    /// Why the process that lives cannot store anything, since its start.
    var obstacle: StorageError? { journal?.obstacle }

    /// The journal as it should be, folded.
    var restored: TransactionLedger { witness.restored }

    // MARK: - Processes

    /// A process reads everything there is.
    func open() throws(StorageError) -> Found {
        let log: (LogRecord) -> Void = { [unowned self] in notebook.note("storage", $0) }
        witness.aProcessBegins()
        let journal = try TransactionJournal(directory: Self.folder, files: files, log: log)
        witness.aProcessRead(journal.restored)
        let documents = DocumentFiles(directory: Self.folder, files: files, log: log)
        self.journal = journal
        self.documents = documents
        let lost = witness.takeLost()
        let found = documents.load()
        check(cacheIn: found)
        let kept = Set(found[AvailabilityDocument.self]?.inoperative ?? [])
        isUnread = found.isUnread(AvailabilityDocument.self)
        if isUnread { return Found(restored: journal.restored, documents: found, lost: lost, doubt: journal.doubt) }
        // One more may be there: written, and its process killed before it could say so; what was refused may be there too.
        if kept != outOfService, !mayHaveSaved.contains(kept) {
            notebook.violate("\(outOfService) was out of service, now it is \(kept)")
        }
        outOfService = kept
        mayHaveSaved = []
        return Found(restored: journal.restored, documents: found, lost: lost, doubt: journal.doubt)
    }

    private func check(cacheIn found: Documents) {
        // Nothing that was saved counts then.
        guard !found.isUnread(AuthorizationCacheDocument.self) else { return wasCacheRefused = true }
        let kept = found[AuthorizationCacheDocument.self] ?? AuthorizationCacheDocument()
        if kept != cache.saved, !cache.maybe.contains(kept) {
            notebook.violate("the authorization cache was \(cache.saved), now it is \(kept)")
        }
        wasCacheRefused = !cache.maybe.isEmpty
        cache = (kept, [])
    }

    /// The process is gone.
    func close() {
        files.killProcesses()
        journal = nil
        documents = nil
    }

    /// The power went: what was not synced may be gone.
    func losePower() {
        files.losePower()
        witness.powerWasLost()
    }

    // MARK: - The journal

    /// Safe to the degree asked for when this returns.
    func append(
        _ records: [GatewayCore.JournalRecord],
        _ durability: GatewayCore.Durability,
        at uptime: Duration
    ) throws(StorageError) {
        do throws(StorageError) {
            try journal?.append(records, durability, at: uptime)
        } catch {
            witness.refused()
            throw error
        }
        witness.acknowledged(records, durability)
    }

    /// Whether a power cut would leave everything.
    var isOnPlatter: Bool { witness.isOnPlatter }

    /// Reads a slice of the queue. Returns the event that tells the core, if that was all of it.
    func load(_ query: QueueQuery) -> GatewayEvent? { journal?.load(query) }

    /// Reads a page for somebody to see. Returns the event that tells the core, if it is not read.
    func read(_ query: RecordQuery) -> GatewayEvent? { journal?.read(query) }

    /// Has what nobody needs any more dropped, in slices.
    func compact(_ compaction: JournalCompaction, at uptime: Duration) {
        journal?.compact(compaction, at: uptime)
        witness.dropped(compaction)
    }

    // MARK: - The documents

    /// Whether that one alone, 0 being the charge point, is to be out of service.
    func isOutOfService(_ connectorId: Int) -> Bool {
        isUnread || outOfService.contains(connectorId)
    }

    /// Saves it, now or within its patience. Returns the event that tells the core, if there is one yet.
    func save(_ document: AnyDocument, at uptime: Duration) -> GatewayEvent? {
        if let cache = document.value as? AuthorizationCacheDocument { return save(cache, document, at: uptime) }
        guard let availability = document.value as? AvailabilityDocument else {
            return documents?.save(document, at: uptime)
        }
        let wanted = Set(availability.inoperative)
        mayHaveSaved.insert(wanted)
        let event = documents?.save(document, at: uptime)
        if case .saved = event {
            outOfService = wanted
            mayHaveSaved = []
            isUnread = false
        }
        return event
    }

    private func save(_ new: AuthorizationCacheDocument, _ document: AnyDocument, at uptime: Duration) -> GatewayEvent?
    {
        cache.maybe.append(new)
        let event = documents?.save(document, at: uptime)
        if case .saved = event {
            cache = (new, [])
        }
        return event
    }

    // MARK: - Time

    /// When something has to be done.
    var nextDeadline: Duration? { earliest(journal?.nextDeadline, documents?.nextDeadline)?.at }

    /// Does what is due. Returns the events that tell the core.
    func deadlineReached(at uptime: Duration) -> [GatewayEvent] {
        let loaded = journal?.deadlineReached(at: uptime)
        return (loaded.map { [$0] } ?? []) + (documents?.deadlineReached(at: uptime) ?? [])
    }

    /// Makes everything safe, before the process ends.
    func flush(at uptime: Duration) {
        journal?.flush(at: uptime)
        documents?.flush()
    }
}
