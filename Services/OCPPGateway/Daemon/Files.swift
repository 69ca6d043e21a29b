import EventLoop
import Glibc

/// Small files that other programs write or read.
enum Files {
    /// The bytes of a file, at most `limit` of them; nil when it cannot be read.
    static func read(_ path: String, limit: Int = 4096) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = Glibc.read(descriptor, &buffer, limit)
        return count >= 0 ? Array(buffer.prefix(count)) : nil
    }

    /// The text of a file without what surrounds it; nil when it cannot be read or is empty.
    static func text(_ path: String) -> String? {
        guard let bytes = read(path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let trimmed = text.drop { $0.isWhitespace }
        guard let last = trimmed.lastIndex(where: { !$0.isWhitespace }) else { return nil }
        return String(trimmed[...last])
    }

    /// Writes a new file that only this user and group may read.
    /// - Throws: `SystemError` naming the file.
    static func create(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else { throw SystemError(code: errno, operation: "create \(path)") }
        defer { close(descriptor) }
        let count = write(descriptor, bytes, bytes.count)
        guard count == bytes.count else {
            let code = count < 0 ? errno : ENOSPC
            unlink(path)
            throw SystemError(code: code, operation: "write \(path)")
        }
    }

    /// Removes a file; one that is not there is fine.
    static func remove(_ path: String) { unlink(path) }
}
