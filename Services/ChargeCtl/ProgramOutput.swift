internal import EventLoop
internal import Glibc

/// What another program says, and how it ends.
struct ProgramOutput {
    /// The newest bytes of its standard output.
    private(set) var output: [UInt8] = []
    /// The newest bytes of its standard error.
    private(set) var complaint: [UInt8] = []
    /// Its exit status; nil where a signal or its patience ended it.
    private(set) var status: Int32?

    /// Of what it complains of, so much is kept.
    private static let mostComplaint = 4096

    /// Runs a program of the system's path. Nil when there is no such program, or it cannot be run.
    /// - Parameters:
    ///   - words: Its name and its arguments.
    ///   - limit: Of bytes that are kept: the newest, which stand last.
    ///   - patience: After this long it is ended, and what came until then counts.
    init?(of words: [String], limit: Int, patience: Duration) {
        var output: [Int32] = [0, 0]
        var complaint: [Int32] = [0, 0]
        guard unsafe pipe(&output) == 0 else { return nil }
        defer { close(output[0]) }
        guard unsafe pipe(&complaint) == 0 else {
            close(output[1])
            return nil
        }
        defer { close(complaint[0]) }
        let child = Self.spawn(words, output: output, complaint: complaint)
        close(output[1])
        close(complaint[1])
        guard let child else { return nil }
        let isOver = read(output[0], complaint[0], limit: limit, until: EventLoop.uptime() + patience)
        if !isOver { kill(child, SIGKILL) }
        var status: Int32 = 0
        unsafe waitpid(child, &status, 0)
        // Of <sys/wait.h>: the low seven bits are the signal, the next byte is the exit status.
        if status & 0x7F == 0 { self.status = status >> 8 & 0xFF }
    }

    private static func spawn(_ words: [String], output: [Int32], complaint: [Int32]) -> pid_t? {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, complaint[1], STDERR_FILENO)
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for descriptor in output + complaint { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
        var arguments = unsafe words.map { (word: String) in unsafe strdup(word) }
        unsafe arguments.append(nil)
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var child: pid_t = 0
        guard unsafe posix_spawnp(&child, words[0], &actions, nil, arguments, environ) == 0 else { return nil }
        return child
    }

    /// - Returns: Whether the program has closed both before `end`.
    private mutating func read(_ first: Int32, _ second: Int32, limit: Int, until end: Duration) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var entries = [first, second].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while entries.contains(where: { $0.fd >= 0 }) {
            let rest = (end - EventLoop.uptime()) / .milliseconds(1)
            guard rest > 0, unsafe poll(&entries, 2, Int32(min(rest, 60_000)) + 1) > 0 else { return false }
            for (place, entry) in entries.enumerated() where entry.fd >= 0 && entry.revents != 0 {
                let count = unsafe Glibc.read(entry.fd, &buffer, buffer.count)
                guard count > 0 else {
                    // A negative descriptor is passed over by poll.
                    entries[place].fd = -1
                    continue
                }
                if place == 0 {
                    Self.keep(buffer[..<count], in: &output, limit: limit)
                } else {
                    Self.keep(buffer[..<count], in: &complaint, limit: Self.mostComplaint)
                }
            }
        }
        return true
    }

    private static func keep(_ new: ArraySlice<UInt8>, in bytes: inout [UInt8], limit: Int) {
        bytes += new
        if bytes.count > limit { bytes.removeFirst(bytes.count - limit) }
    }
}
