public import EventLoop
public import HardwareCore
public import Storage

/// Saves the memory on a thread of its own: a disk may take seconds, and the loop that opens contactors must not wait for it.
public final class MemoryWriter {
    /// What became of a save.
    private struct Outcome: Sendable {
        var event: HardwareMachine.Event
        /// All saves so far.
        var written: WriteCounters
    }

    /// What was written so far, as of the newest save that is known of.
    public private(set) var written = WriteCounters()

    private var thread: WorkThread<HardwareMemory, Outcome>?

    /// - Parameters:
    ///   - folder: Where the document lies; it exists.
    ///   - files: Called on the thread; makes the file system that it works with.
    ///   - loop: Where `completion` is called.
    ///   - completion: Called after each save with what the core is to be told: `memoryStored` or `memoryNotStored`.
    /// - Throws: `SystemError` when the process may have no more threads or descriptors.
    public init(
        folder: String,
        files: @escaping @Sendable () -> any FileSystem = { KernelFileSystem() },
        loop: EventLoop,
        completion: @escaping (HardwareMachine.Event) -> Void
    ) throws(SystemError) {
        thread = try WorkThread("the memory was saved", loop: loop) {
            var file = MemoryFile(folder: folder, files: files())
            // Read once more by the one who writes: a document that the device cannot read is kept aside at the first save.
            let problem = Self.problem { _ = try file.load(connectorIds: []) { _ in } }
            return { memory in
                if let problem { return Outcome(event: .memoryNotStored(reason: problem), written: file.written) }
                do throws(MemoryFile.Failure) {
                    try file.save(memory)
                    return Outcome(event: .memoryStored, written: file.written)
                } catch {
                    return Outcome(event: .memoryNotStored(reason: error.description), written: file.written)
                }
            }
        } completion: { [weak self] outcome in
            self?.written = outcome.written
            completion(outcome.event)
        }
    }

    /// Begins to save `memory` in place of what was saved before.
    public func save(_ memory: HardwareMemory) { thread?.submit(memory) }

    private static func problem(_ work: () throws -> Void) -> String? {
        do {
            try work()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
