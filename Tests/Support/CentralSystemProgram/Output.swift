import Glibc

/// Files and standard output, written line by line. What cannot be written is lost: nothing here is worth stopping for.
final class Output {
    private let descriptor: Int32

    static var standard: Output { Output(descriptor: STDOUT_FILENO) }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Appends to a file; nil when it cannot be opened, with `errno` saying why.
    init?(appendingTo path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        if descriptor < 0 { return nil }
    }

    /// Whether a person is likely to watch: a terminal, and no wish against colours (the convention `NO_COLOR`).
    var wantsColours: Bool { isatty(descriptor) == 1 && getenv("NO_COLOR") == nil }

    func write(line: String) { write(bytes: Array(line.utf8) + [0x0A]) }

    func write(bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }

    /// Puts a file in place as a whole, so that nobody reads half of it. Returns false when it cannot.
    static func place(_ text: String, at path: String) -> Bool {
        let temporary = path + ".new"
        _ = unlink(temporary)
        guard let output = Output(appendingTo: temporary) else { return false }
        output.write(line: text)
        close(output.descriptor)
        return rename(temporary, path) == 0
    }

    static func complain(_ text: String) { Output(descriptor: STDERR_FILENO).write(line: "central-system: \(text)") }
}
