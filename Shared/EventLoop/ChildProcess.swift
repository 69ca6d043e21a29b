internal import CLinux
internal import Glibc
internal import Primitives

/// A program that runs beside us: watched through a pidfd, its output optionally collected. One that outlives us is adopted by whoever comes after
/// us (`adopt`).
public final class ChildProcess {
    public enum Exit: Hashable, Sendable {
        /// It ended by itself with this code; 0 is success.
        case code(Int32)
        /// A signal ended it.
        case signal(Int32)
        /// It was adopted: only the process that had started it could learn how it ended.
        case unknown
    }

    /// How it is to run.
    public struct Options: Sendable {
        /// `KEY=value` each; empty means none.
        public var environment: [String] = []
        /// Whether it leads a process group of its own, all of which `terminate` ends: for programs that start others.
        public var leadsGroup = false
        /// It is ended when it has run for so long; nil lets it run.
        public var timeLimit: Duration?
        /// File in which it is written down before it runs, for `adopt`; removed when it has ended.
        public var record: String?

        public init() {}
    }

    public let pid: Int32
    /// Why it is not written down where `Options.record` says, so that nobody will adopt it; nil where it is.
    public private(set) var recordFailure: SystemError?
    private let loop: EventLoop
    private let pidDescriptor: Descriptor
    private let output: Descriptor?
    /// The raw descriptor of `output`.
    private let outputDescriptor: Int32?
    private let onOutput: (([UInt8]) -> Void)?
    private let onExit: (Exit) -> Void
    private let options: Options
    private var watches: (exit: Watch?, output: Watch?)
    /// When it is ended for good.
    private var killDue: Duration?
    private var killSource: DeadlineSource?

    /// Starts `arguments[0]`, an absolute path, with an environment of its own. Standard input is `/dev/null`, no signal is blocked.
    /// - Parameters:
    ///   - arguments: The program and its arguments; no shell is involved.
    ///   - options: How it is to run.
    ///   - loop: Calls the handlers; it keeps the child until it has ended.
    ///   - onOutput: Called with what it writes to standard output and standard error; nil leaves both as ours.
    ///   - onExit: Called once, after the last output.
    /// - Returns: The child, for `terminate`; it need not be kept.
    /// - Throws: `SystemError` when it cannot be started.
    @discardableResult
    public static func start(
        _ arguments: [String],
        options: Options = Options(),
        loop: EventLoop,
        onOutput: (([UInt8]) -> Void)? = nil,
        onExit: @escaping (Exit) -> Void
    ) throws(SystemError) -> ChildProcess {
        precondition(arguments.first?.first == "/", "A program is named by its absolute path.")
        let child: ChildProcess
        if let record = options.record {
            let gate = try ChildGate(for: arguments[0])
            let waiting = ChildGate.arguments(arguments)
            child = try ChildProcess(waiting, options, loop, input: gate.input, onOutput, onExit)
            child.note(in: record)
            gate.open()
        } else {
            child = try ChildProcess(arguments, options, loop, onOutput, onExit)
        }
        child.watch()
        if let limit = options.timeLimit { child.endAfter(limit) }
        return child
    }

    private func note(in record: String) {
        do throws(SystemError) {
            guard let known = ChildRecord(of: pid) else {
                throw SystemError(code: ENOENT, operation: "read /proc/\(pid)/stat and the id of the boot")
            }
            try known.write(to: record)
        } catch {
            recordFailure = error
        }
    }

    /// Takes over a program that a process before this one has started and written down, and that still runs. Its output is lost; how it ends
    /// stays `unknown`, unless it is our own child all the same.
    /// - Parameters:
    ///   - record: The file that `Options.record` named then.
    ///   - options: As then; `environment` and `timeLimit` do not matter.
    ///   - loop: Calls the handler; it keeps the child until it has ended.
    ///   - onExit: Called once.
    /// - Returns: Nil when it runs no more: another process that has its number by now is never taken for it.
    public static func adopt(
        record: String,
        options: Options = Options(),
        loop: EventLoop,
        onExit: @escaping (Exit) -> Void
    ) -> ChildProcess? {
        guard let known = ChildRecord(readFrom: record) else { return nil }
        // First the descriptor, then the look at what it stands for: it cannot become another process in between.
        let raw = pidfd_open(known.pid, 0)
        guard raw >= 0 else { return nil }
        let descriptor = Descriptor(takingOwnershipOf: raw)
        guard ChildRecord(of: known.pid) == known else { return nil }
        var options = options
        options.record = record
        let child = ChildProcess(adopting: known.pid, descriptor, options, loop, onExit)
        child.watch()
        return child
    }

    private init(
        adopting pid: Int32,
        _ descriptor: consuming Descriptor,
        _ options: Options,
        _ loop: EventLoop,
        _ onExit: @escaping (Exit) -> Void
    ) {
        self.pid = pid
        self.loop = loop
        self.options = options
        self.onExit = onExit
        onOutput = nil
        outputDescriptor = nil
        output = nil
        pidDescriptor = descriptor
    }

    private init(
        _ arguments: [String],
        _ options: Options,
        _ loop: EventLoop,
        input: Int32? = nil,
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
        let pid = try Self.spawn(arguments, options, input: input, output: pipes[1])
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
        self.options = options
        self.onOutput = onOutput
        self.onExit = onExit
        outputDescriptor = pipes[0] >= 0 ? pipes[0] : nil
        self.output = output
        pidDescriptor = Descriptor(takingOwnershipOf: raw)
    }

    /// Asks it to end, or `now` ends it. Nothing happens when it has ended.
    public func terminate(now: Bool = false) {
        guard watches.exit != nil else { return }
        let signal = now ? SIGKILL : SIGTERM
        // Through the descriptor, so that a process that got the same number later is never hit.
        let isThere = pidfd_send_signal(pidDescriptor.raw, signal, nil, 0) == 0
        // The number of the group is not given to others while its leader is there; one that is reaped by somebody else may leave at any time.
        if isThere, options.leadsGroup { _ = kill(-pid, signal) }
    }

    /// Sends it a signal, and not to what it has started. Nothing happens when it has ended.
    /// - Parameter signal: one that the program is known to take: most end a program that does not.
    public func signal(_ signal: Int32) {
        guard watches.exit != nil else { return }
        _ = pidfd_send_signal(pidDescriptor.raw, signal, nil, 0)
    }

    /// Asks it to end, and ends it when it has not ended by then.
    public func end(within patience: Duration) {
        terminate()
        endAfter(patience)
    }

    private func endAfter(_ time: Duration) {
        let due = EventLoop.uptime() + time
        killDue = killDue.map { min($0, due) } ?? due
        guard killSource == nil, watches.exit != nil else { return }
        killSource = loop.addDeadlineSource(
            next: { [self] in Deadline(at: killDue, for: "a child has to end") },
            fire: { [self] _ in
                killDue = nil
                terminate(now: true)
            }
        )
    }

    private func watch() {
        if let outputDescriptor {
            watches.output = loop.watch(descriptor: outputDescriptor, for: "output of a child") { [self] _ in
                readOutput()
            }
        }
        // The handlers hold the child; unwatching at the end lets it go.
        watches.exit = loop.watch(descriptor: pidDescriptor.raw, for: "the end of a child") { [self] _ in reap() }
    }

    private func readOutput() {
        guard let outputDescriptor, let watch = watches.output else { return }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(outputDescriptor, &buffer, buffer.count)
        if count > 0 {
            onOutput?(Array(buffer.prefix(count)))
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            loop.unwatch(watch)
            watches.output = nil
        }
    }

    private func reap() {
        var status: Int32 = 0
        let reaped = waitpid(pid, &status, WNOHANG)
        // Zero: it still runs. Below: it is not our child, and the descriptor said that it has ended.
        guard reaped != 0, let watch = watches.exit else { return }
        // Bounded by the size of a pipe: what grandchildren write later is not ours.
        for _ in 0..<32 where watches.output != nil { readOutput() }
        if let watch = watches.output { loop.unwatch(watch) }
        watches.output = nil
        loop.unwatch(watch)
        watches.exit = nil
        if let killSource { loop.removeDeadlineSource(killSource) }
        killSource = nil
        if let record = options.record { unlink(record) }
        guard reaped == pid else { return onExit(.unknown) }
        // The layout of `status` is the kernel's: low seven bits the signal, next byte the code.
        let signal = status & 0x7F
        onExit(signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal))
    }

    private static func spawn(
        _ arguments: [String],
        _ options: Options,
        input: Int32?,
        output: Int32
    ) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
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
        posix_spawnattr_setpgroup(&attributes, 0)
        let group = options.leadsGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))

        let argumentPointers = arguments.map { strdup($0) } + [nil]
        let environmentPointers = options.environment.map { strdup($0) } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, arguments[0], &actions, &attributes, argumentPointers, environmentPointers)
        guard result == 0 else { throw SystemError(code: result, operation: "start \(arguments[0])") }
        return pid
    }
}
