internal import Storage

/// Why the machine booted, as far as it can tell.
public enum BootCause {
    /// Whether a hardware watchdog did it. The kernel shows the reason of each as a file with the flags of `/usr/include/linux/watchdog.h`.
    /// - Parameter folder: Where the kernel shows them.
    /// - Returns: False without a watchdog, or with one that tells nothing.
    public static func isWatchdog(in folder: String = "/sys/class/watchdog") -> Bool {
        (0..<2).contains { number in
            let text = SmallFile("\(folder)/watchdog\(number)/bootstatus").foreignText
            return text.flatMap { Int($0) }.map { $0 & cardReset != 0 } ?? false
        }
    }

    /// WDIOF_CARDRESET: the card reset the processor.
    private static let cardReset = 0x20
}
