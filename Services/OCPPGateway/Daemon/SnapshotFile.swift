import EventLoop
import GatewayCore
import JSON
import Log
import Primitives
import Storage

/// The newest values of the config store on the gateway's own disk. Written a while after a change, since the store has it already:
/// several changes in a row cost one write, and no answer waits for it.
final class SnapshotFile {
    private var document: AtomicDocument
    private let log: Log
    private var waiting: ConfigSnapshot?
    private var due: Duration?

    init(directory: String, loop: EventLoop, log: Log) {
        document = AtomicDocument(
            path: directory + "/config-snapshot",
            magic: "ocpp-config",
            formatVersion: 1,
            keepsPrevious: true
        )
        self.log = log
        loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: due, for: "the configuration is saved") },
            fire: { [unowned self] _ in flush() }
        )
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

    /// Has it written soon.
    func save(_ snapshot: ConfigSnapshot) {
        waiting = snapshot
        due = due ?? EventLoop.uptime() + Self.delay
    }

    /// Writes what waits.
    func flush() {
        due = nil
        guard let snapshot = waiting else { return }
        waiting = nil
        do {
            try document.save(try JSON.encode(snapshot))
        } catch {
            // The config store has the values; only a start without it would miss them.
            log.write(LogRecord(.warning, "the configuration was not saved", .init("reason", "\(error)")))
        }
    }

    private static let delay: Duration = .seconds(2)
}
