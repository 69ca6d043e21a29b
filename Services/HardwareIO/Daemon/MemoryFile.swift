import HardwareCore
import JSON
import Primitives
import Storage

/// The document that keeps latched faults, trip counts and registers over restarts of the process and of the machine.
struct MemoryFile {
    /// Why it was not stored.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let format: UInt16 = 1

    private var document: AtomicDocument

    /// What it has written since the start.
    var written: WriteCounters { document.written }

    /// `folder` exists.
    init(folder: String) {
        document = AtomicDocument(
            path: folder + "/memory",
            magic: "charger-hardware-memory",
            formatVersion: Self.format,
            maximumBytes: 64 * 1024,
            keepsPrevious: true
        )
    }

    /// What was stored; nil when there is nothing that can be read, which is then told to `log`.
    /// - Throws: `StorageError` when the folder cannot be used at all.
    func load(_ log: (LogRecord) -> Void) throws -> HardwareMemory? {
        let loaded = try document.load()
        for lost in loaded.setAside {
            log(LogRecord(.error, "faults and registers of before are lost", .init("problem", lost)))
        }
        guard let body = loaded.body else { return nil }
        do {
            return try JSON.decode(HardwareMemory.self, from: body)
        } catch {
            log(LogRecord(.error, "faults and registers of before cannot be understood", .init("problem", "\(error)")))
            return nil
        }
    }

    /// Replaces the document. On disk when this returns.
    /// - Throws: `Failure`; then the one of before is still there.
    mutating func save(_ memory: HardwareMemory) throws(Failure) {
        do {
            try document.save(try JSON.encode(memory))
        } catch {
            throw Failure(description: "\(error)")
        }
    }
}
