internal import CLinux
internal import Glibc

/// The answer to SIGTERM and SIGINT while a service starts: nobody reads signals yet, and a start may read a long journal, or wait for a
/// device or for somebody at the other end of a pipe.
///
/// The process ends at once with status 0, which is as safe as being killed at that instruction.
public enum EarlyEnd {
    /// Runs `start`, which may be ended.
    /// - Parameter start: Called once, on the thread of the loop, which exists already.
    /// - Returns: What `start` returned.
    /// - Throws: What `start` threw.
    public static func answering<Result>(_ start: () throws -> Result) rethrows -> Result {
        for number in numbers { signal(number, end) }
        change(SIG_UNBLOCK)
        // From here on they wait until the loop takes them.
        defer { change(SIG_BLOCK) }
        return try start()
    }

    private static let numbers = [SIGTERM, SIGINT]

    private static func change(_ how: Int32) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        pthread_sigmask(how, &set, nil)
    }

    /// Calls nothing that a signal could have interrupted in the middle, and waits for no reader of the log.
    private static let end: @convention(c) (Int32) -> Void = { _ in
        let line: StaticString = "<5>ended while it was starting\n"
        var readiness = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        if poll(&readiness, 1, 0) > 0 { _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount) }
        _exit(0)
    }
}
