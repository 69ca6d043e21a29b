internal import CLinux
internal import Glibc

/// A program that runs beside us: watched through a pidfd, its output optionally collected.
public final class ChildProcess {
    public enum Exit: Hashable, Sendable {
        /// It ended by itself with this code; 0 is success.
        case code(Int32)
        /// A signal ended it.
        case signal(Int32)
    }

    public let pid: Int32
    private let loop: EventLoop
    private let pidDescriptor: Descriptor
    private let output: Descriptor?
    /// The raw descriptor of `output`.
    private let outputDescriptor: Int32?
    private let onOutput: (([UInt8]) -> Void)?
    private let onExit: (Exit) -> Void
    private var exitWatch: Watch?
    private var outputWatch: Watch?

    /// Starts `arguments[0]`, an absolute path, with an environment of its own. Standard input is `/dev/null`, no signal is blocked.
    /// - Parameters:
    ///   - arguments: The program and its arguments; no shell is involved.
    ///   - environment: `KEY=value` each; empty means none.
    ///   - loop: Calls the handlers; it keeps the child until it has ended.
    ///   - onOutput: Called with what it writes to standard output and standard error; nil leaves both as ours.
    ///   - onExit: Called once, after the last output.
    /// - Returns: The child, for `terminate`; it need not be kept.
    /// - Throws: `SystemError` when it cannot be started.
    @discardableResult
    public static func start(
        _ arguments: [String],
        environment: [String] = [],
        loop: EventLoop,
        onOutput: (([UInt8]) -> Void)? = nil,
        onExit: @escaping (Exit) -> Void
    ) throws(SystemError) -> ChildProcess {
        precondition(arguments.first?.first == "/", "A program is named by its absolute path.")
        let child = try ChildProcess(arguments, environment, loop, onOutput, onExit)
        child.watch()
        return child
    }

    private init(
        _ arguments: [String],
        _ environment: [String],
        _ loop: EventLoop,
        _ onOutput: (([UInt8]) -> Void)?,
        _ onExit: @escaping (Exit) -> Void
    ) throws(SystemError) {
        var pipes: [Int32] = [-1, -1]
        if onOutput != nil {
            try systemCall("create a pipe for \(arguments[0])") { pipe(&pipes) }
            for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            // Our end only: the program expects that its output waits for us.
            _ = fcntl(pipes[0], F_SETFL, O_NONBLOCK)
        }
        defer { if pipes[1] >= 0 { close(pipes[1]) } }
        let output = pipes[0] >= 0 ? Descriptor(takingOwnershipOf: pipes[0]) : nil
        let pid = try Self.spawn(arguments, environment, output: pipes[1])
        // Cannot fail for a child that nobody else reaps, but for want of descriptors; then it is not left alone.
        let raw = pidfd_open(pid, 0)
        guard raw >= 0 else {
            let code = errno
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw SystemError(code: code, operation: "watch \(arguments[0])")
        }
        self.pid = pid
        self.loop = loop
        self.onOutput = onOutput
        self.onExit = onExit
        outputDescriptor = pipes[0] >= 0 ? pipes[0] : nil
        self.output = output
        pidDescriptor = Descriptor(takingOwnershipOf: raw)
    }

    /// Asks it to end, or `now` ends it. Nothing happens when it has ended.
    public func terminate(now: Bool = false) {
        // Through the descriptor, so that a process that got the same number later is never hit.
        if exitWatch != nil { _ = pidfd_send_signal(pidDescriptor.raw, now ? SIGKILL : SIGTERM, nil, 0) }
    }

    private func watch() {
        if let outputDescriptor {
            outputWatch = loop.watch(descriptor: outputDescriptor, for: "output of a child") { [self] _ in readOutput()
            }
        }
        // The handlers hold the child; unwatching at the end lets it go.
        exitWatch = loop.watch(descriptor: pidDescriptor.raw, for: "the end of a child") { [self] _ in reap() }
    }

    private func readOutput() {
        guard let outputDescriptor, let watch = outputWatch else { return }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(outputDescriptor, &buffer, buffer.count)
        if count > 0 {
            onOutput?(Array(buffer.prefix(count)))
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            loop.unwatch(watch)
            outputWatch = nil
        }
    }

    private func reap() {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid, let watch = exitWatch else { return }
        // Bounded by the size of a pipe: what grandchildren write later is not ours.
        for _ in 0..<32 where outputWatch != nil { readOutput() }
        if let outputWatch { loop.unwatch(outputWatch) }
        outputWatch = nil
        loop.unwatch(watch)
        exitWatch = nil
        // The layout of `status` is the kernel's: low seven bits the signal, next byte the code.
        let signal = status & 0x7F
        onExit(signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal))
    }

    private static func spawn(
        _ arguments: [String],
        _ environment: [String],
        output: Int32
    ) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if output >= 0 {
            posix_spawn_file_actions_adddup2(&actions, output, 1)
            posix_spawn_file_actions_adddup2(&actions, output, 2)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var ignored = sigset_t()
        sigemptyset(&ignored)
        for number in SignalDescriptor.ignored { sigaddset(&ignored, number) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &ignored)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let argumentPointers = arguments.map { strdup($0) } + [nil]
        let environmentPointers = environment.map { strdup($0) } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, arguments[0], &actions, &attributes, argumentPointers, environmentPointers)
        guard result == 0 else { throw SystemError(code: result, operation: "start \(arguments[0])") }
        return pid
    }
}
