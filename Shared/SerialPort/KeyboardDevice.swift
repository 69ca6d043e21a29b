import CLinux
public import EventLoop
import Glibc
public import Primitives

/// A keyboard of the kernel (`/dev/input/event…`) as a line of key events (`struct input_event`, linux/input.h), which are heard here alone:
/// what it types does not reach the console. It keeps itself open like any line, and takes nothing.
public final class KeyboardDevice: ByteLine {
    private let path: String
    private let keeper: LineKeeper
    private var descriptor: Int32 = -1
    private var watch: Watch?

    /// - Parameters:
    ///   - path: As udev names it: `/dev/input/by-id/…-event-kbd`; looked up anew at each opening.
    ///   - loop: Outlives the device.
    ///   - owner: Hears of everything, from the loop.
    public init(path: String, loop: EventLoop, owner: LineOwner) {
        self.path = path
        keeper = LineKeeper(name: path, loop: loop, owner: owner)
        keeper.open = { [unowned self] in open() }
    }

    deinit { close() }

    public var isOpen: Bool { keeper.isOpen }
    public var counters: LineCounters { keeper.counters }

    public func start() { keeper.start() }

    public func close() {
        keeper.end()
        release()
    }

    public func perform(_ order: LineOrder) {
        guard case .reopen(let reason) = order, descriptor >= 0 else { return }
        fail(reason)
    }

    private func open() {
        let opened = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard opened >= 0 else { return fail(SystemError(code: errno, operation: "open \(path)").description) }
        descriptor = opened
        guard ioctl(opened, LINUX_EVIOCGRAB, CInt(1)) >= 0 else {
            return fail(SystemError(code: errno, operation: "take \(path) for this process alone").description)
        }
        watch = keeper.loop.watch(descriptor: opened, for: "a keyboard") { [unowned self] _ in read() }
        keeper.opened()
    }

    private func read() {
        var count = 0
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 24 * 64) { buffer, initialized in
            count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            code = errno
            initialized = max(count, 0)
        }
        if count > 0 { return keeper.received(bytes) }
        if count < 0, code == EAGAIN || code == EINTR { return }
        fail(count == 0 ? "hung up" : SystemError(code: code, operation: "read from \(path)").description)
    }

    private func fail(_ reason: String) {
        release()
        keeper.failed(reason)
    }

    /// Closing gives the keys back.
    private func release() {
        if let watch { keeper.loop.unwatch(watch) }
        watch = nil
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
