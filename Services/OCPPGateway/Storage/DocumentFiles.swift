public import GatewayCore
import JSON
public import Primitives
public import Storage

/// The gateway's documents: one file for each kind, replaced as a whole.
public final class DocumentFiles {
    private struct Waiting {
        var document: AnyDocument
        var due: Duration
    }

    private let log: (LogRecord) -> Void
    private let kinds: [any Document.Type]
    private var files: [String: AtomicDocument] = [:]
    /// By name, in no order: each has a file of its own.
    private var waiting: [String: Waiting] = [:]

    /// - Parameters:
    ///   - directory: The state folder; it must exist.
    ///   - kinds: What may lie there.
    ///   - files: Where it lies.
    ///   - log: Gets what could not be read.
    public init(
        directory: String,
        kinds: [any Document.Type] = Documents.kinds,
        files: any FileSystem = KernelFileSystem(),
        log: @escaping (LogRecord) -> Void
    ) {
        self.log = log
        self.kinds = kinds
        for kind in kinds {
            self.files[kind.name] = AtomicDocument(
                path: directory + "/" + kind.name,
                magic: kind.magic,
                formatVersion: kind.formatVersion,
                keepsPrevious: true,
                files: files
            )
        }
    }

    /// Reads all documents there are. What cannot be read is logged, and missing from the result.
    public func load() -> Documents {
        var documents = Documents()
        for kind in kinds {
            if let document = read(kind) { documents.add(document) }
        }
        return documents
    }

    /// Saves the document, now, or within its patience.
    /// - Returns: `saved` or `saveFailed` when it was written now.
    public func save(_ document: AnyDocument, at uptime: Duration) -> GatewayEvent? {
        let kind = type(of: document.value)
        guard kind.patience > .zero else { return write(document) }
        // What waits longest decides: a document that changes all the time is written all the same.
        let due = waiting[kind.name]?.due ?? uptime + kind.patience
        waiting[kind.name] = Waiting(document: document, due: due)
        return nil
    }

    /// What all of them have written since they were opened.
    public var written: WriteCounters { files.values.reduce(WriteCounters()) { $0 + $1.written } }

    /// When to call `deadlineReached`.
    public var nextDeadline: Deadline? {
        Deadline(at: waiting.values.map(\.due).min(), for: "a document is saved")
    }

    /// Saves what waited long enough.
    /// - Returns: `saved` or `saveFailed` for each.
    public func deadlineReached(at uptime: Duration) -> [GatewayEvent] {
        waiting.values.filter { $0.due <= uptime }.map { write($0.document) }
    }

    /// Saves everything that waits, before the program ends.
    public func flush() {
        for entry in waiting.values {
            if case .saveFailed(let name, let reason) = write(entry.document) {
                var record = LogRecord(.warning, "a document was not saved")
                record.fields = [.init("document", name), .init("reason", reason)]
                log(record)
            }
        }
    }

    private func write(_ document: AnyDocument) -> GatewayEvent {
        let name = type(of: document.value).name
        waiting[name] = nil
        do {
            try files[name]?.save(try JSON.encode(document.value))
            return .saved(document: name)
        } catch {
            return .saveFailed(document: name, reason: "\(error)")
        }
    }

    private func read<D: Document>(_ kind: D.Type) -> AnyDocument? {
        do {
            guard let loaded = try files[kind.name]?.load() else { return nil }
            for setAside in loaded.setAside { log(LogRecord(.error, "\(setAside)")) }
            return try loaded.body.map { AnyDocument(try JSON.decode(D.self, from: $0)) }
        } catch {
            log(
                LogRecord(
                    .error,
                    "a document cannot be read",
                    .init("document", kind.name),
                    .init("reason", "\(error)")
                )
            )
            return nil
        }
    }
}
