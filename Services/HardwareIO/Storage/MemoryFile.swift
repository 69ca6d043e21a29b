public import HardwareCore
import JSON
public import Primitives
public import Storage

/// The document that keeps latched faults, trip counts and registers over restarts of the process and of the machine.
public struct MemoryFile {
    /// Why it was not stored.
    public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        public let description: String
    }

    private static let format: UInt16 = 1

    private var document: AtomicDocument

    /// What it has written since the start.
    var written: WriteCounters { document.written }

    /// `folder` exists.
    public init(folder: String, files: any FileSystem = KernelFileSystem()) {
        document = AtomicDocument(
            path: folder + "/memory",
            magic: "charger-hardware-memory",
            formatVersion: Self.format,
            maximumBytes: 64 * 1024,
            keepsPrevious: true,
            files: files
        )
    }

    /// Reads the document.
    /// - Parameters:
    ///   - tryAgain: How long a device is waited for that cannot read.
    ///   - log: Gets what was found damaged.
    /// - Returns: What was stored; nil when there is nothing that can be understood.
    /// - Throws: `StorageError` when the folder cannot be used at all.
    public func load(
        tryAgain: DevicePatience = { _ in false },
        _ log: (LogRecord) -> Void
    ) throws -> HardwareMemory? {
        let loaded = try document.load(tryAgain: tryAgain)
        for moved in loaded.moved { log(LogRecord(.warning, moved.description)) }
        if let unread = loaded.unread {
            log(LogRecord(.error, "faults and registers are those before the last change", .init("problem", unread)))
        }
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
    public mutating func save(_ memory: HardwareMemory) throws(Failure) {
        do {
            try document.save(try JSON.encode(memory))
        } catch {
            throw Failure(description: "\(error)")
        }
    }
}
