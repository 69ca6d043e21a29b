import CLinux
import EventLoop
import Glibc
import Primitives

/// The system calls of one open serial port. Never blocks; closed with its owner.
final class SerialDevice {
    let descriptor: Int32
    private let path: String

    /// Opens `path` for this process alone, with `settings` and nothing in it.
    /// - Throws: `SystemError` when it is not there, taken by another program, or no serial port.
    init(_ settings: SerialPort.Settings) throws(SystemError) {
        path = settings.path
        let opened = Glibc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard opened >= 0 else { throw SystemError(code: errno, operation: "open \(path)") }
        descriptor = opened
        // Programs of root pass TIOCEXCL; most of them ask for this lock.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw SystemError(code: code == EWOULDBLOCK ? EBUSY : code, operation: "lock \(path)")
        }
        do throws(SystemError) {
            try control("take \(path) for this process alone", UInt(TIOCEXCL), 0)
            try apply(settings.line)
            if let rs485 = settings.rs485 { try apply(rs485) }
            try discard(TCIOFLUSH)
        } catch {
            shut()
            throw error
        }
    }

    /// Waits until the kernel has given away what it took, for as long as `limit`.
    /// - Returns: Whether it has.
    func drain(atMost limit: Duration) -> Bool {
        for _ in 0..<max(limit.wholeMilliseconds, 1) {
            var waiting: CInt = 0
            guard ioctl(descriptor, UInt(TIOCOUTQ), &waiting) >= 0 else { return false }
            if waiting == 0 { return true }
            usleep(1000)
        }
        return false
    }

    /// Throws away what has not left, because closing waits for it otherwise.
    /// - Parameter isDrained: Nothing waits; what has left is still to arrive.
    func shut(isDrained: Bool = false) {
        // A device that is gone cannot be flushed, and has nothing to wait for.
        if !isDrained { _ = ioctl(descriptor, UInt(TCFLSH), CInt(TCOFLUSH)) }
        _ = ioctl(descriptor, UInt(TIOCNXCL), CInt(0))
        Glibc.close(descriptor)
    }

    func discardInput() throws(SystemError) { try discard(TCIFLUSH) }

    private func discard(_ queue: Int32) throws(SystemError) {
        try control("empty \(path)", UInt(TCFLSH), queue)
    }

    private func control(_ operation: @autoclosure () -> String, _ request: UInt, _ argument: CInt) throws(SystemError)
    {
        guard ioctl(descriptor, request, argument) >= 0 else {
            throw SystemError(code: errno, operation: operation())
        }
    }

    /// Raw, 8-bit clean, without flow control, at the speed and parity of `line`.
    func apply(_ line: LineSettings) throws(SystemError) {
        var settings = linux_termios2()
        guard ioctl(descriptor, LINUX_TCGETS2, &settings) >= 0 else {
            throw SystemError(code: errno, operation: "read the settings of \(path)")
        }
        settings.c_iflag = line.parity == .none ? 0 : tcflag_t(INPCK)
        settings.c_oflag = 0
        settings.c_lflag = 0
        settings.c_cflag = tcflag_t(CREAD | CLOCAL | (line.dataBits == 7 ? CS7 : CS8)) | LINUX_BOTHER
        if line.stopBits == 2 { settings.c_cflag |= tcflag_t(CSTOPB) }
        switch line.parity {
        case .none: break
        case .even: settings.c_cflag |= tcflag_t(PARENB)
        case .odd: settings.c_cflag |= tcflag_t(PARENB | PARODD)
        }
        let speed = speed_t(line.baud.clamped(to: 300...4_000_000))
        settings.c_ispeed = speed
        settings.c_ospeed = speed
        withUnsafeMutableBytes(of: &settings.c_cc) { characters in
            // A read returns at once with what there is.
            characters[Int(VMIN)] = 0
            characters[Int(VTIME)] = 0
        }
        guard ioctl(descriptor, LINUX_TCSETS2, &settings) >= 0 else {
            throw SystemError(code: errno, operation: "set \(path) to \(line.baud) baud")
        }
    }

    private func apply(_ rs485: SerialPort.RS485) throws(SystemError) {
        var settings = serial_rs485()
        settings.flags = UInt32(SER_RS485_ENABLED)
        if rs485.rtsOnSend { settings.flags |= UInt32(SER_RS485_RTS_ON_SEND) }
        if rs485.rtsAfterSend { settings.flags |= UInt32(SER_RS485_RTS_AFTER_SEND) }
        settings.delay_rts_before_send = UInt32(clamping: rs485.delayBeforeSend.wholeMilliseconds)
        settings.delay_rts_after_send = UInt32(clamping: rs485.delayAfterSend.wholeMilliseconds)
        guard ioctl(descriptor, UInt(TIOCSRS485), &settings) >= 0 else {
            throw SystemError(code: errno, operation: "let \(path) switch its direction (RS-485)")
        }
    }

    enum Reading {
        case bytes([UInt8])
        case nothing
        /// Unplugged or hung up.
        case end(SystemError?)
    }

    func read() -> Reading {
        var count = 0
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, initialized in
            count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            code = errno
            initialized = max(count, 0)
        }
        if count > 0 { return .bytes(bytes) }
        if count == 0 { return .end(nil) }
        if code == EAGAIN || code == EINTR { return .nothing }
        return .end(SystemError(code: code, operation: "read from \(path)"))
    }

    /// - Returns: How many of `bytes` the port took.
    /// - Throws: `SystemError` when it is gone.
    func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
        guard !bytes.isEmpty else { return 0 }
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 { return count }
        let code = errno
        if code == EAGAIN || code == EINTR { return 0 }
        throw SystemError(code: code, operation: "write to \(path)")
    }
}
