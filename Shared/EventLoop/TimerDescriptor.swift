internal import CLinux
internal import Glibc

/// One timerfd on `CLOCK_BOOTTIME`, armed with an absolute uptime.
struct TimerDescriptor: ~Copyable {
    let descriptor: Descriptor
    private var armedAt: Duration?

    init() throws(SystemError) {
        let raw = try systemCall("create a timer") {
            timerfd_create(CLOCK_BOOTTIME, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC))
        }
        descriptor = Descriptor(takingOwnershipOf: raw)
    }

    /// Makes the descriptor readable at `uptime` or earlier.
    ///
    /// Earlier, because a timer that is armed already for an earlier time stays: deadlines of requests come and go much more
    /// often than they pass, and one wake-up too many is cheaper than two system calls per request.
    mutating func arm(notLaterThan uptime: Duration?) throws(SystemError) {
        guard let uptime else { return }
        if let armedAt, armedAt <= uptime { return }
        let due = max(uptime, .nanoseconds(1))  // zero would disarm
        let (seconds, attoseconds) = due.components
        var setting = itimerspec()
        setting.it_value = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        try systemCall("arm the timer") { timerfd_settime(descriptor.raw, Int32(TFD_TIMER_ABSTIME), &setting, nil) }
        armedAt = uptime
    }

    /// Forgets the expiry that made the descriptor readable.
    mutating func acknowledge() {
        var count: UInt64 = 0
        // Nothing to read is legal: the timer was re-armed after the poll.
        _ = read(descriptor.raw, &count, MemoryLayout.size(ofValue: count))
        armedAt = nil
    }
}
