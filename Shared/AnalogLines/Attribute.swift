internal import EventLoop
internal import Glibc

/// A file of sysfs: one value, as text.
struct Attribute {
    /// Longer than any number, and than the name of any device.
    private static let longest = 255

    let path: String

    /// What it says now, without the line end.
    func read() throws(SystemError) -> String {
        let descriptor = try open(O_RDONLY)
        defer { close(descriptor) }
        return try Self.read(descriptor, path)
    }

    func write(_ text: String) throws(SystemError) {
        let descriptor = try open(O_WRONLY | O_TRUNC)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw SystemError(code: errno, operation: "write \(text) to \(path)")
        }
    }

    var isThere: Bool { access(path, F_OK) == 0 }

    func open(_ flags: Int32) throws(SystemError) -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(code: errno, operation: "open \(path)") }
        return descriptor
    }

    /// What an open one says now: read from its beginning, sysfs makes the value anew.
    static func read(_ descriptor: Int32, _ path: String) throws(SystemError) -> String {
        var bytes = [UInt8](repeating: 0, count: longest)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw SystemError(code: errno, operation: "read \(path)") }
        return String(decoding: bytes.prefix(count).prefix { $0 != 0x0A && $0 != 0 }, as: UTF8.self)
    }
}

/// A folder of sysfs.
struct AttributeFolder {
    let path: String

    /// The names in it that begin so, sorted.
    func names(beginningWith prefix: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(prefix) { names.append(name) }
        }
        return names.sorted()
    }

    /// The path without links; nil where nothing is.
    var resolved: String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension String {
    var lastPart: String { split(separator: "/").last.map(String.init) ?? self }

    /// Without its last part.
    var parent: String { split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } }
}
