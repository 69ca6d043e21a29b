internal import Glibc
internal import JSON

/// What chargectl prints: whole lines, unbuffered, so that a pipe sees each message as it passes.
enum Output {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Lines that end with a line break already.
    static func text(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func json(_ value: JSONValue, pretty: Bool = false) {
        line(String(decoding: JSON.write(value, pretty: pretty), as: UTF8.self))
    }

    /// A line on stderr that is the same whoever says it.
    static func mistake(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    static func complaint(_ text: String) { write("chargectl: \(text)\n", to: STDERR_FILENO) }

    /// A reader that went away (`chargectl tap | head`) ends the program; there is nobody left to tell.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR && errno != EAGAIN {
                exit(ExitStatus.done.rawValue)
            }
        }
    }
}
