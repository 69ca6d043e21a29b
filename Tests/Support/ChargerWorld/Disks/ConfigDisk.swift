import BusSchema
import ConfigCore
import JSON
import Primitives
import SimulatedDisk
import Storage

/// The config store's disk: its journal of changes and its document of secrets, as the daemon keeps them.
final class ConfigDisk {
    static let folder = "/var/lib/charger/config"

    let files: SimulatedDisk
    private let notebook: Notebook
    /// While the process lives.
    private var journal: ResilientJournal?
    /// What was acknowledged.
    private var changes: [StoredChange] = []
    private var secrets: [String: Secret] = [:]
    /// Files for their owners, by `owner/key`.
    private var handedOver: [String: Secret] = [:]

    init(_ files: SimulatedDisk, _ notebook: Notebook) {
        self.files = files
        self.notebook = notebook
    }

    /// The stored text of a key; nil while it is the default.
    func stored(_ key: String) -> String? { changes.last { $0.change.key == key }?.stored }

    /// A process reads everything there is, and gives it to its machine. Everything acknowledged is there.
    func open(_ machine: inout ConfigMachine) throws(StorageError) {
        let options = Journal.Options(path: Self.folder + "/settings.journal", magic: "CHGCONFG", formatVersion: 1)
        var found: [StoredChange] = []
        let journal = try ResilientJournal(options, files: files, onBegin: { found = [] }) { record in
            if let change = try? JSON.decode(StoredChange.self, from: record.payload) { found.append(change) }
        }
        let body = try document.load().body
        let names = body.flatMap { try? JSON.decode([String: String].self, from: $0) } ?? [:]
        self.journal = journal
        if found.count < changes.count || Array(found.prefix(changes.count)) != changes {
            notebook.violate("the config store lost a change: \(changes.count) were acknowledged, \(found)")
        }
        // One more may be there: written, and its process killed before it could say so.
        changes = found
        for change in found { machine.restore(change) }
        machine.restore(secrets: names.mapValues { Secret($0) })
    }

    /// The store tells its values: those that it has, and no others.
    func check(_ values: ConfigValues) {
        let revision = changes.last?.change.revision ?? 0
        if values.revision != revision {
            notebook.violate("the config store tells revision \(values.revision), on disk is \(revision)")
        }
        for value in values.values where value.secretPresent == nil {
            let change = changes.last { $0.change.key == value.key }
            guard value.revision == change?.change.revision ?? 0, change?.stored ?? value.value == value.value else {
                notebook.violate("the config store tells \(value), on disk is \(String(describing: change))")
                continue
            }
        }
    }

    func append(_ change: StoredChange) throws(StorageError) {
        guard let payload = try? JSON.encode(change) else { return notebook.violate("\(change) cannot be written") }
        _ = try journal?.overcomeObstacle()
        try journal?.journal.append(payload, durability: .immediate)
        changes.append(change)
    }

    func save(_ secrets: [String: Secret]) throws(StorageError) {
        guard let body = try? JSON.encode(secrets.mapValues(\.exposed)) else {
            return notebook.violate("secrets cannot be written")
        }
        var document = document
        try document.save(body)
        self.secrets = secrets
    }

    func handOver(_ secret: Secret?, key: String, owner: String) { handedOver["\(owner)/\(key)"] = secret }

    /// The process is gone.
    func close() {
        files.killProcesses()
        journal = nil
    }

    private var document: AtomicDocument {
        AtomicDocument(
            path: Self.folder + "/secrets",
            magic: "charger-secrets",
            formatVersion: 1,
            maximumBytes: 8 << 20,
            mode: 0o600,
            keepsPrevious: true,
            files: files
        )
    }
}
