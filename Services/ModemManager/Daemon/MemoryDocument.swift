internal import JSON
internal import Log
internal import Primitives
internal import Storage
internal import UplinkCore

/// What the machine must know again after a restart, as a document.
struct MemoryDocument {
    private var document: AtomicDocument

    init(folder: String) {
        document = AtomicDocument(
            path: folder + "/uplinks.json",
            magic: "charger-uplinks",
            formatVersion: 1,
            keepsPrevious: true
        )
    }

    var written: WriteCounters { document.written }

    /// What was saved last; nothing, and a line in the log, where it cannot be read.
    func load(tryAgain: @escaping DevicePatience, log: Log) -> UplinkMemory {
        do {
            let loaded = try document.load(tryAgain: tryAgain)
            for moved in loaded.moved { log.write(LogRecord(.warning, moved.description)) }
            for setAside in loaded.setAside { log.write(LogRecord(.error, setAside.description)) }
            guard let body = loaded.body else { return UplinkMemory() }
            return try JSON.decode(UplinkMemory.self, from: body)
        } catch {
            log.write(LogRecord(.error, "what was known of the uplinks cannot be read", .init("why", "\(error)")))
            return UplinkMemory()
        }
    }

    /// - Throws: `StorageError`.
    mutating func save(_ memory: UplinkMemory) throws { try document.save(try JSON.encode(memory)) }
}
