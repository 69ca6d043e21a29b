public import EventLoop
public import HardwareCore
public import Storage

/// Saves the memory on a thread of its own: a disk may take seconds, and the loop that opens contactors must not wait for it.
public final class MemoryWriter {
    private let thread: WorkThread<HardwareMemory, HardwareMachine.Event>

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
            let problem = Self.problem { _ = try file.load { _ in } }
            return { memory in
                if let problem { return .memoryNotStored(reason: problem) }
                do throws(MemoryFile.Failure) {
                    try file.save(memory)
                    return .memoryStored
                } catch {
                    return .memoryNotStored(reason: error.description)
                }
            }
        } completion: {
            completion($0)
        }
    }

    /// Begins to save `memory` in place of what was saved before.
    public func save(_ memory: HardwareMemory) { thread.submit(memory) }

    private static func problem(_ work: () throws -> Void) -> String? {
        do {
            try work()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
