internal import Glibc

/// What Ctrl-C does to a command that does not run the loop, which has kept signals for itself from its making on.
enum Interruption {
    /// From here on SIGINT and SIGTERM end the program at once: it may wait for somebody at the other end of a pipe.
    static func endsTheProgram() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] { unsafe sigaddset(&signals, number) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}
