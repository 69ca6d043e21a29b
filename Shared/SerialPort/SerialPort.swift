public import EventLoop
public import Primitives

/// A serial port that keeps itself open. See the README of this module.
public final class SerialPort: ByteLine {
    /// Which port, and how it is driven.
    public struct Settings: Equatable, Sendable {
        /// As udev names it: `/dev/serial/by-id/…`; looked up anew at each opening.
        public var path: String
        /// At the start, and again after each opening; `configure` changes it.
        public var line: LineSettings
        /// Set where the kernel switches the direction of an RS-485 transceiver.
        public var rs485: RS485?
        /// The adapter hands back what is sent.
        public var echoes = false
        /// Bytes that may wait in the process to be sent.
        public var writeLimit = 4096

        public init(path: String, line: LineSettings) {
            self.path = path
            self.line = line
        }
    }

    /// How RTS switches a transceiver (`struct serial_rs485`).
    public struct RS485: Equatable, Hashable, Sendable {
        /// Level of RTS while sending.
        public var rtsOnSend = true
        /// Level of RTS otherwise.
        public var rtsAfterSend = false
        /// Between RTS and the first bit, whole milliseconds.
        public var delayBeforeSend = Duration.zero
        /// Between the last bit and RTS, whole milliseconds.
        public var delayAfterSend = Duration.zero

        public init() {}
    }

    private let settings: Settings
    private let keeper: LineKeeper
    private var line: LineSettings
    private var device: SerialDevice?
    private var watch: Watch?
    /// Not taken by the kernel yet.
    private var waiting: ArraySlice<UInt8> = []
    private var echo = EchoFilter()

    /// - Parameters:
    ///   - settings: Which port, and how it is driven.
    ///   - loop: Outlives the port.
    ///   - owner: Hears of everything, from the loop.
    public init(_ settings: Settings, loop: EventLoop, owner: LineOwner) {
        self.settings = settings
        line = settings.line
        keeper = LineKeeper(name: settings.path, loop: loop, owner: owner)
        keeper.open = { [unowned self] in open() }
    }

    deinit { close() }

    public var isOpen: Bool { keeper.isOpen }
    public var counters: LineCounters { keeper.counters }

    public func start() { keeper.start() }

    /// Ends the line. The last order of a process that ends is often the one that matters (no energy, field off): what the port has taken
    /// may leave for as long as `lastWords`.
    public func close() {
        keeper.end()
        release(isDrained: waiting.isEmpty && device?.drain(atMost: Self.lastWords) == true)
    }

    /// 100 bytes at 9600 baud.
    private static let lastWords = Duration.milliseconds(100)

    public func perform(_ order: LineOrder) {
        switch order {
        case .send(let bytes): send(bytes)
        case .discardInput: discardInput()
        case .configure(let line): configure(line)
        case .reopen(let reason): if device != nil { fail(reason) }
        }
    }

    // MARK: - Orders

    private func send(_ bytes: [UInt8]) {
        guard device != nil else { return }
        guard waiting.count + bytes.count <= settings.writeLimit else { return keeper.dropped(bytes.count) }
        waiting += bytes
        flush()
    }

    private func discardInput() {
        guard let device else { return }
        echo.reset()
        do throws(SystemError) { try device.discardInput() } catch { fail(error.description) }
    }

    private func configure(_ line: LineSettings) {
        self.line = line
        guard let device else { return }
        do throws(SystemError) { try device.apply(line) } catch { fail(error.description) }
    }

    // MARK: - The device

    private func open() {
        var settings = settings
        settings.line = line
        do throws(SystemError) {
            let device = try SerialDevice(settings)
            self.device = device
            watch = keeper.loop.watch(descriptor: device.descriptor, for: "a serial port") { [unowned self] in
                isReady($0)
            }
            keeper.opened()
        } catch {
            keeper.failed(error.description)
        }
    }

    private func isReady(_ readiness: Watch.Interest) {
        if readiness.contains(.writable) { flush() }
        guard !readiness.isDisjoint(with: [.readable, .failed]), let device else { return }
        switch device.read() {
        case .bytes(let bytes): keeper.received(settings.echoes ? echo.pass(bytes) : bytes)
        case .nothing: if readiness.contains(.failed) { fail("hung up") }
        case .end(let error): fail(error?.description ?? "hung up")
        }
    }

    private func flush() {
        guard let device, !waiting.isEmpty else { return }
        do throws(SystemError) {
            let count = try device.write(waiting)
            keeper.counters.bytesSent += count
            if settings.echoes { echo.sent(waiting.prefix(count)) }
            waiting = count == waiting.count ? [] : waiting.dropFirst(count)
            if let watch { keeper.loop.modify(watch, interest: waiting.isEmpty ? .readable : [.readable, .writable]) }
        } catch {
            fail(error.description)
        }
    }

    private func fail(_ reason: String) {
        release()
        keeper.failed(reason)
    }

    private func release(isDrained: Bool = false) {
        if let watch { keeper.loop.unwatch(watch) }
        watch = nil
        device?.shut(isDrained: isDrained)
        device = nil
        waiting = []
        echo.reset()
    }
}
