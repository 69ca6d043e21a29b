internal import CLinux
internal import Glibc

/// One signalfd for TERM, INT and HUP; those signals do nothing else any more in this process.
struct SignalDescriptor: ~Copyable {
    /// Programs that are started get their usual effect back.
    static let ignored = [SIGPIPE, SIGXFSZ]

    let descriptor: Descriptor

    /// Blocks the signals in this thread and in all threads that it starts later, and ignores in the process what kills
    /// for a failure that the call tells as well: SIGPIPE, and SIGXFSZ, since a file above the limit is a disk without room.
    init() throws(SystemError) {
        for number in Self.ignored { signal(number, SIG_IGN) }
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&mask, number) }
        pthread_sigmask(SIG_BLOCK, &mask, nil)
        let raw = try systemCall("create a signal descriptor") {
            signalfd(-1, &mask, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC))
        }
        descriptor = Descriptor(takingOwnershipOf: raw)
    }

    /// The number of the next signal that arrived; nil when there is none.
    func next() -> Int32? {
        var information = signalfd_siginfo()
        let size = MemoryLayout.size(ofValue: information)
        return read(descriptor.raw, &information, size) == size ? Int32(information.ssi_signo) : nil
    }
}
