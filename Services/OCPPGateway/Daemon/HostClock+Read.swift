import EventLoop
import GatewayCore
import GatewayStorage
import Primitives

extension HostClock {
    /// Asks the kernel and the battery-backed clocks.
    static func read() -> HostClock {
        HostClock(isSynchronised: EventLoop.wallClockIsSynchronised(), realTimeClock: realTimeClock())
    }
}
