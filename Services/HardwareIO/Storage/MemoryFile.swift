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

    private let path: String
    private var document: AtomicDocument

    /// What it has written since the start.
    var written: WriteCounters { document.written }

    /// `folder` exists.
    public init(folder: String, files: any FileSystem = KernelFileSystem()) {
        path = folder + "/memory"
        document = AtomicDocument(
            path: path,
            magic: "charger-hardware-memory",
            formatVersion: Self.format,
            maximumBytes: 64 * 1024,
            keepsPrevious: true,
            files: files
        )
    }

    /// Reads the document.
    /// - Parameters:
    ///   - connectorIds: Of this charger.
    ///   - tryAgain: How long a device is waited for that cannot read.
    ///   - log: Gets what was found damaged.
    /// - Returns: What was stored; nothing at the very first start; `unknown` when there is a document and nothing can be learned from it; what
    ///   was stored before with a doubt in each contactor when that has to stand in.
    /// - Throws: `StorageError` when the folder cannot be used at all.
    public func load(
        connectorIds: [Int],
        tryAgain: DevicePatience = { _ in false },
        _ log: (LogRecord) -> Void
    ) throws(StorageError) -> HardwareMemory {
        let loaded: AtomicDocument.Loaded
        do throws(StorageError) {
            loaded = try document.load(tryAgain: tryAgain)
        } catch {
            guard error.isDeviceError else { throw error }
            log(LogRecord(.error, "faults and registers of before cannot be read", .init("problem", error)))
            return .unknown(connectorIds: connectorIds)
        }
        for moved in loaded.moved { log(LogRecord(.warning, moved.description)) }
        if let unread = loaded.unread {
            log(LogRecord(.error, "faults and registers are those before the last change", .init("problem", unread)))
        }
        for lost in loaded.setAside {
            log(LogRecord(.error, "faults and registers of before are lost", .init("problem", lost)))
        }
        guard let body = loaded.body else {
            // The save before never stands alone: where only something of its name was in the way, nothing was ever saved.
            let hadOne = loaded.setAside.contains { $0.path == path }
            return hadOne ? .unknown(connectorIds: connectorIds) : HardwareMemory()
        }
        do throws(DecodingError) {
            let memory = try JSON.decode(HardwareMemory.self, from: body)
            return loaded.isPrevious ? memory.withDoubt(connectorIds: connectorIds) : memory
        } catch {
            log(LogRecord(.error, "faults and registers of before cannot be understood", .init("problem", "\(error)")))
            return .unknown(connectorIds: connectorIds)
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
