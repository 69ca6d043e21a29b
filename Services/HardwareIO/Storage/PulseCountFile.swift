import JSON
public import Storage

/// The count of a meter that gives pulses, which nobody else keeps: on disk, seldom, and in the runtime directory with each pulse, which is memory
/// (`/run`), so that a restart of the process forgets none and flash is spared.
///
/// A power cut costs what came since the disk was written last (`PulseCounter`).
public struct PulseCountFile: Sendable {
    private struct Kept: Codable {
        var count: Int64
    }

    private struct Present: Codable {
        /// Uptimes and files of another boot say nothing.
        var boot: String
        var count: Int64
    }

    /// What was found at the start.
    public struct Found: Equatable, Sendable {
        /// Nil where there was a count, and nobody can say which.
        public var count: Int64?
        /// For the log.
        public var problems: [String]

        public init(count: Int64?, problems: [String] = []) {
            self.count = count
            self.problems = problems
        }
    }

    private let runtime: SmallFile
    private let path: String
    private let boot: String

    /// - Parameters:
    ///   - meter: Its name, as on the bus.
    ///   - stateFolder: What survives a power cut; it exists.
    ///   - runtimeFolder: What is there until the machine boots again.
    ///   - boot: What tells this boot of the machine from others.
    public init(
        meter: String,
        stateFolder: String,
        runtimeFolder: String,
        boot: String = SmallFile.machineBootId
    ) {
        path = "\(stateFolder)/pulses-\(meter)"
        runtime = SmallFile("\(runtimeFolder)/pulses-\(meter)")
        self.boot = boot
    }

    /// The document on disk. Whoever saves to it does so on a thread that may wait.
    public func document(files: any FileSystem = KernelFileSystem()) -> AtomicDocument {
        AtomicDocument(
            path: path,
            magic: "charger-pulse-count",
            formatVersion: 1,
            maximumBytes: 4096,
            keepsPrevious: true,
            files: files
        )
    }

    /// What `document` is to hold for a count.
    public static func body(_ count: Int64) -> [UInt8] {
        // A number always has a text.
        (try? JSON.encode(Kept(count: count))) ?? []
    }

    /// Reads both. The larger one counts: a count never falls.
    public func load(files: any FileSystem = KernelFileSystem()) -> Found {
        var found = Found(count: 0)
        do {
            let loaded = try document(files: files).load()
            found.problems += loaded.setAside.map { "\($0)" } + [loaded.unread].compactMap { $0.map { "\($0)" } }
            if let body = loaded.body {
                found.count = max(0, try JSON.decode(Kept.self, from: body).count)
            } else if !loaded.setAside.isEmpty {
                found.count = nil
            }
        } catch {
            found = Found(count: nil, problems: found.problems + ["\(error)"])
        }
        do {
            let present = try JSON.decode(Present.self, from: try runtime.read(from: .handedIn))
            if present.boot == boot { found.count = max(found.count ?? 0, present.count) }
        } catch let error as SmallFileError where error.isAbsence {
            // The first start of this boot.
        } catch {
            found.problems.append("\(error)")
        }
        return found
    }

    /// Notes the count where the next process of this boot finds it. Waits for no disk.
    /// - Throws: What keeps it from being noted.
    public func note(_ count: Int64) throws {
        let bytes = try JSON.encode(Present(boot: boot, count: count))
        try runtime.replace(with: bytes, access: .init(mode: 0o600), folder: .init(mode: 0o700))
    }
}
