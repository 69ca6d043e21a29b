import GatewayCore
import JSON
import Log
import Primitives
import Storage

/// The newest values of the config store on the gateway's own disk.
struct SnapshotFile {
    private var document: AtomicDocument
    private let log: Log

    init(directory: String, log: Log) {
        document = AtomicDocument(
            path: directory + "/config-snapshot",
            magic: "ocpp-config",
            formatVersion: 1,
            keepsPrevious: true
        )
        self.log = log
    }

    /// What was saved last; nil without one. The defaults serve then, until the config store speaks.
    func load() -> ConfigSnapshot? {
        do {
            let loaded = try document.load()
            for setAside in loaded.setAside { log.write(LogRecord(.error, "\(setAside)")) }
            return try loaded.body.map { try JSON.decode(ConfigSnapshot.self, from: $0) }
        } catch {
            log.write(LogRecord(.error, "the last configuration cannot be read", .init("reason", "\(error)")))
            return nil
        }
    }

    mutating func save(_ snapshot: ConfigSnapshot) {
        do {
            try document.save(try JSON.encode(snapshot))
        } catch {
            // The config store has the values; only a start without it would miss them.
            log.write(LogRecord(.warning, "the configuration was not saved", .init("reason", "\(error)")))
        }
    }
}
