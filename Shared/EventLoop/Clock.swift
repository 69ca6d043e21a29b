internal import CLinux
internal import Glibc
public import Primitives

extension EventLoop {
    /// Reads both clocks.
    public static func now() -> Moment {
        let wall = read(CLOCK_REALTIME)
        return Moment(
            uptime: uptime(),
            utc: Timestamp(millisecondsSinceEpoch: Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000)
        )
    }

    /// Reads the clock of all intervals: time since boot, suspension included.
    public static func uptime() -> Duration {
        let time = read(CLOCK_BOOTTIME)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// Reads the clock that the kernel stamps events of devices with: time since boot without suspension. For comparing with those stamps only.
    public static func monotonic() -> Duration {
        let time = read(CLOCK_MONOTONIC)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// Whether the kernel says that somebody keeps the wall clock in step: `adjtimex(2)` without `STA_UNSYNC`.
    public static func wallClockIsSynchronised() -> Bool {
        var state = timex()
        // No modes: this only reads.
        return adjtimex(&state) >= 0 && state.status & Int32(STA_UNSYNC) == 0
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        let result = clock_gettime(clock, &time)
        precondition(result == 0, "Every Linux that we run on has the clock \(clock).")
        return time
    }
}
