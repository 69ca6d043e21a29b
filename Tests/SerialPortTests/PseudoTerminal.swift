import CLinux
import Glibc
import Testing

/// The far end of a serial port: what a device writes and reads.
final class PseudoTerminal {
    /// What the device reads from and writes to.
    private(set) var master: Int32
    let path: String

    init() throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN of <asm/ioctls.h>: unlock the other end, and tell its number.
        var number: CInt = 0
        try #require(master >= 0 && ioctl(master, 0x4004_5431, &number) == 0)
        try #require(ioctl(master, 0x8004_5430, &number) == 0)
        path = "/dev/pts/\(number)"
    }

    deinit { unplug() }

    func unplug() {
        guard master >= 0 else { return }
        close(master)
        master = -1
    }

    func write(_ bytes: [UInt8]) { #expect(Glibc.write(master, bytes, bytes.count) == bytes.count) }

    /// What has arrived at the device.
    func read() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(master, &bytes, bytes.count)
        return Array(bytes.prefix(max(count, 0)))
    }

    /// The settings of the port, as the kernel has them.
    func settings() throws -> linux_termios2 {
        var settings = linux_termios2()
        try #require(ioctl(master, LINUX_TCGETS2, &settings) == 0)
        return settings
    }
}
