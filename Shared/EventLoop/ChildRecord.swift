internal import Glibc

/// What tells a process from all others, also from one that gets its number later: the number, when it began, and in which boot.
struct ChildRecord: Equatable {
    let pid: Int32
    /// Clock ticks after the boot (`starttime` of proc_pid_stat(5)).
    private let began: UInt64
    private let boot: String

    /// A process that exists; nil when it does not, or may not be seen.
    init?(of pid: Int32) {
        // The name in the second field may contain anything, but no field after it has a parenthesis.
        guard let stat = Self.text(of: "/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")"),
            let boot = Self.text(of: "/proc/sys/kernel/random/boot_id")
        else { return nil }
        let fields = stat[end...].split(separator: " ")
        // The closing parenthesis is the first of these, and the second field of the file; the start is the twenty-second. A zombie has ended.
        guard fields.count > 20, fields[1] != "Z", let began = UInt64(fields[20]) else { return nil }
        self.pid = pid
        self.began = began
        self.boot = String(boot.prefix { !$0.isWhitespace })
    }

    /// What `write` wrote; nil when there is nothing of the kind.
    init?(readFrom path: String) {
        let words = Self.text(of: path)?.split { $0.isWhitespace } ?? []
        guard words.count == 3, let pid = Int32(words[0]), pid > 1, let began = UInt64(words[1]) else { return nil }
        self.pid = pid
        self.began = began
        boot = String(words[2])
    }

    /// - Throws: `SystemError`; then nobody will adopt the process.
    func write(to path: String) throws(SystemError) {
        let bytes = Array("\(pid) \(began) \(boot)\n".utf8)
        let temporary = path + ".new"
        // Nobody is waited for at the other end of a pipe.
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let descriptor = open(temporary, flags, 0o600)
        guard descriptor >= 0 else { throw SystemError(code: errno, operation: "create \(temporary)") }
        // A write that ends early has found no room, and leaves no errno.
        errno = ENOSPC
        let isWhole = Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        let code = errno
        close(descriptor)
        guard isWhole, rename(temporary, path) == 0 else {
            let error = SystemError(code: isWhole ? errno : code, operation: "write \(path)")
            unlink(temporary)
            throw error
        }
    }

    private static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
}
