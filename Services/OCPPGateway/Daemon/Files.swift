import Glibc

/// Small files that other programs write.
enum Files {
    /// The bytes of a file, at most `limit` of them; nil when it cannot be read.
    static func read(_ path: String, limit: Int = 4096) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)  // A pipe in its place must not hold us up.
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
}
