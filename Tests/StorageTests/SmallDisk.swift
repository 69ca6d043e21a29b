import Foundation
import TemporaryFolder

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
