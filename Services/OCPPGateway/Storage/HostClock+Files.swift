public import GatewayCore
public import Primitives
internal import Storage

extension HostClock {
    /// What the first battery-backed clock says that knows the time. The kernel shows each as a file with the seconds since 1970, which reads
    /// as an error when the clock has lost them.
    /// - Parameter folder: Where the kernel shows them.
    /// - Returns: Nil when there is none that knows.
    public static func realTimeClock(in folder: String = "/sys/class/rtc") -> Timestamp? {
        let seconds = (0..<4).lazy.compactMap { number in
            SmallFile("\(folder)/rtc\(number)/since_epoch").foreignText.flatMap { Int64($0) }
        }
        return seconds.first.map { Timestamp(millisecondsSinceEpoch: $0.multipliedClamped(by: 1000)) }
    }
}
