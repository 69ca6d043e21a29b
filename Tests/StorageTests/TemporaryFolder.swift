import Foundation
import Storage

/// A folder of its own for one test, removed at the end of its scope.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/storage-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // Nothing depends on it; what is left over lies in the system's temporary folder.
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: file(name))))
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: false)
    }
}

/// A file system of a few hundred kilobytes in memory, to fill up. Needs root.
final class SmallDisk {
    /// Why it is not available does not matter, only whether.
    static let isAvailable = (try? SmallDisk(kilobytes: 64)) != nil

    let folder: TemporaryFolder

    init(kilobytes: Int) throws {
        folder = try TemporaryFolder()
        try Self.run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(kilobytes)k", "none", folder.path])
    }

    deinit {
        // Lazy, so that a file which a failed test left open does not keep the mount.
        try? Self.run("/bin/umount", ["-l", folder.path])
    }

    /// Leaves no byte free, in a file called `name`.
    func fill(_ name: String = "filler") throws {
        let descriptor = open(folder.file(name), O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        for size in [4096, 1] {
            let bytes = [UInt8](repeating: 0x55, count: size)
            while Foundation.write(descriptor, bytes, size) == size {}
        }
    }

    private struct Failed: Error {}

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
    }
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }
}
