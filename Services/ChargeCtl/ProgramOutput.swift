internal import EventLoop
internal import Glibc

/// What another program says on its standard output.
enum ProgramOutput {
    /// Runs a program of the system's path.
    /// - Parameters:
    ///   - words: Its name and its arguments.
    ///   - limit: Of bytes that are kept: the newest, which stand last.
    ///   - patience: After this long it is ended, and what came until then counts.
    /// - Returns: Nil when there is no such program, or it cannot be run.
    static func of(_ words: [String], limit: Int, patience: Duration) -> [UInt8]? {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { return nil }
        defer { close(ends[0]) }
        guard let child = spawn(words, output: ends) else {
            close(ends[1])
            return nil
        }
        close(ends[1])
        let bytes = read(ends[0], limit: limit, until: EventLoop.uptime() + patience)
        kill(child, SIGKILL)
        var status: Int32 = 0
        unsafe waitpid(child, &status, 0)
        return bytes
    }

    private static func spawn(_ words: [String], output ends: [Int32]) -> pid_t? {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_addclose(&actions, ends[0])
        var arguments = unsafe words.map { (word: String) in unsafe strdup(word) }
        unsafe arguments.append(nil)
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var child: pid_t = 0
        guard unsafe posix_spawnp(&child, words[0], &actions, nil, arguments, environ) == 0 else { return nil }
        return child
    }

    private static func read(_ descriptor: Int32, limit: Int, until end: Duration) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let rest = (end - EventLoop.uptime()) / .milliseconds(1)
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard rest > 0, unsafe poll(&entry, 1, Int32(min(rest, 60_000)) + 1) > 0 else { return bytes }
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            if bytes.count > limit { bytes.removeFirst(bytes.count - limit) }
        }
    }
}
