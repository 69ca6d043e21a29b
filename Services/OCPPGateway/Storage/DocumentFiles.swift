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
    /// Of all of them, because the sum is asked for in every turn.
    private let meter = WriteMeter()
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
                keepsPrevious: kind.keepsPrevious,
                meter: meter,
                files: files
            )
        }
    }

    /// Reads all documents there are. What is damaged is logged, and missing from the result unless the one before stands in; what cannot
    /// be read is noted there as well, since it says nothing of what it holds.
    /// - Parameter tryAgain: How long a device is waited for that cannot read.
    /// - Returns: What was found.
    public func load(tryAgain: DevicePatience = { _ in false }) -> Documents {
        var documents = Documents()
        for kind in kinds { read(kind, into: &documents, tryAgain) }
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
    public var written: WriteCounters { meter.counters }

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

    private func read<D: Document>(_ kind: D.Type, into documents: inout Documents, _ tryAgain: DevicePatience) {
        guard let file = files[kind.name] else { return }
        let loaded: AtomicDocument.Loaded
        do throws(StorageError) {
            loaded = try file.load(tryAgain: tryAgain)
        } catch {
            documents.setUnread(kind)
            return complain("a document cannot be read", kind, error)
        }
        for moved in loaded.moved { log(LogRecord(.warning, "\(moved)")) }
        for setAside in loaded.setAside { log(LogRecord(.error, "\(setAside)")) }
        if let error = loaded.unread {
            documents.setUnread(kind)
            complain("a document cannot be read", kind, error)
        }
        guard let body = loaded.body else { return }
        if loaded.isPrevious {
            log(LogRecord(.error, "of a document only the save before is there", .init("document", kind.name)))
        }
        do throws(DecodingError) {
            documents.add(AnyDocument(try JSON.decode(D.self, from: body)))
        } catch {
            complain("a document is not understood", kind, error)
        }
    }

    private func complain(_ message: String, _ kind: any Document.Type, _ reason: any Error) {
        log(LogRecord(.error, message, .init("document", kind.name), .init("reason", "\(reason)")))
    }
}
