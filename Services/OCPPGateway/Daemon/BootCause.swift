import Storage

/// Why the machine booted, as far as it can tell.
enum BootCause {
    /// Of `/usr/include/linux/watchdog.h`: the card reset the processor.
    private static let cardReset = 0x20

    /// Whether a hardware watchdog did it. Read once at the start; without a watchdog it was none.
    static func readIsWatchdog() -> Bool {
        (0..<2).contains { number in
            let text = SmallFile("/sys/class/watchdog/watchdog\(number)/bootstatus").foreignText
            return text.flatMap { Int($0) }.map { $0 & cardReset != 0 } ?? false
        }
    }
}
