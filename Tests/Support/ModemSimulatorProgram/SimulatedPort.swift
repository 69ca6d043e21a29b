import EventLoop
import Glibc

/// One port of the modem: a pseudo-terminal under a name of its own. It keeps the far end open itself, so that hosts may come and go.
final class SimulatedPort {
    private let name: String
    private let loop: EventLoop
    private let receive: ([UInt8]) -> Void
    private var near: Int32 = -1
    private var far: Int32 = -1
    private var watch: Watch?

    init(name: String, loop: EventLoop, receive: @escaping ([UInt8]) -> Void) {
        self.name = name
        self.loop = loop
        self.receive = receive
    }

    func plug() {
        guard near < 0 else { return }
        near = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN of <asm/ioctls.h>: unlock the other end, and tell its number.
        var number: CInt = 0
        guard near >= 0, ioctl(near, 0x4004_5431, &number) == 0, ioctl(near, 0x8004_5430, &number) == 0 else {
            return complain("no pseudo-terminal")
        }
        let path = "/dev/pts/\(number)"
        far = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        // What a host sends before it has set the terminal to raw must not come back as an echo.
        var settings = termios()
        guard far >= 0, tcgetattr(far, &settings) == 0 else { return complain("\(path) does not open") }
        cfmakeraw(&settings)
        _ = tcsetattr(far, TCSANOW, &settings)
        _ = unlink(name)
        guard symlink(path, name) == 0 else { return complain("\(name) cannot be made") }
        watch = loop.watch(descriptor: near, for: "a port") { [unowned self] _ in take() }
    }

    func unplug() {
        guard near >= 0 else { return }
        _ = unlink(name)
        if let watch { loop.unwatch(watch) }
        _ = close(near)
        _ = close(far)
        (near, far, watch) = (-1, -1, nil)
    }

    /// What does not fit is lost, as in a modem whose host does not listen.
    func send(_ bytes: [UInt8]) {
        guard near >= 0 else { return }
        _ = write(near, bytes, bytes.count)
    }

    private func take() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(near, &buffer, buffer.count)
        if count > 0 { receive(Array(buffer.prefix(count))) }
    }

    private func complain(_ what: String) {
        let line = "modem-simulator: \(what): \(String(cString: strerror(errno)))\n"
        _ = write(STDERR_FILENO, line, line.utf8.count)
    }
}
