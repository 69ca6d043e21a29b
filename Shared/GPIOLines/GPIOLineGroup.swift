public import EventLoop
internal import Glibc
public import Primitives

/// Lines of one chip that are taken together, and again for ever when their chip was gone. See the README of this module.
public final class GPIOLineGroup {
    /// Which lines, and what for.
    public struct Settings: Equatable, Sendable {
        /// One line of the group.
        public struct Line: Equatable, Sendable {
            public var name: GPIOLineName
            public var isActiveLow: Bool
            public var bias: GPIOBias

            public init(_ name: GPIOLineName, isActiveLow: Bool = false, bias: GPIOBias = .asIs) {
                self.name = name
                self.isActiveLow = isActiveLow
                self.bias = bias
            }
        }

        /// 1…64, all of one chip.
        public var lines: [Line]
        public var direction: GPIODirection
        public var consumer: String
        /// How often it is looked whether the chip is still there: kernels before 6.6 do not say so by themselves.
        public var checkInterval = Duration.seconds(1)

        public init(_ lines: [Line], direction: GPIODirection, consumer: String) {
            self.lines = lines
            self.direction = direction
            self.consumer = consumer
        }
    }

    /// What becomes of the lines. Levels are logical; bit i is the i-th line.
    public enum Event: Equatable, Sendable {
        /// They are ours; always first. Inputs: their levels. Outputs: the initial ones.
        case taken(levels: UInt64)
        /// One line has changed, and has been steady since.
        case changed(line: Int, isActive: Bool)
        /// The kernel had no room for so many edges of one line, which came before the next that is told.
        case missed(line: Int, edges: Int)
        /// Edges were missed: these are the levels now.
        case refreshed(levels: UInt64)
        /// They cannot be taken, or the chip is gone: nothing is known of inputs, and outputs are what the board makes of a line
        /// that nobody drives. They are taken again by themselves, with growing pauses, for ever.
        case lost(reason: String)
    }

    private let settings: Settings
    private let kernel: any GPIOKernel
    private let loop: EventLoop
    private let handler: (Event, Moment) -> Void
    private let log: (LogRecord) -> Void
    private var request: Request?
    private var pace = ReopenPace()
    private var isLossTold = false
    private var source: DeadlineSource?
    private var next: Deadline?

    private struct Request {
        let descriptor: Int32
        let watch: Watch
        let offsets: [UInt32]
        /// The number of the last edge of each line.
        var edges: [UInt32]
    }

    /// - Parameters:
    ///   - settings: Which lines, and what for.
    ///   - kernel: `LinuxGPIO()`, except in tests.
    ///   - loop: Outlives the group.
    ///   - handler: Takes each event, from the loop, with its time: of an edge, when the kernel noticed it.
    ///   - log: Takes what people want to know of the lines.
    public init(
        _ settings: Settings,
        kernel: any GPIOKernel,
        loop: EventLoop,
        handler: @escaping (Event, Moment) -> Void,
        log: @escaping (LogRecord) -> Void
    ) {
        self.settings = settings
        self.kernel = kernel
        self.loop = loop
        self.handler = handler
        self.log = log
    }

    deinit { close() }

    /// Takes the lines as soon as the loop runs, and keeps them.
    public func start() {
        guard source == nil else { return }
        next = Deadline(at: EventLoop.uptime(), for: "GPIO lines are taken")
        source = loop.addDeadlineSource(
            next: { [unowned self] in next },
            fire: { [unowned self] in wake(at: $0) }
        )
    }

    /// Releases the lines. No event follows.
    public func close() {
        if let source { loop.removeDeadlineSource(source) }
        source = nil
        next = nil
        release()
    }

    public var isTaken: Bool { request != nil }

    /// Sets the lines of `mask` to the levels in `bits`, at once and all together.
    /// - Returns: Whether that was done; if not, `lost` was told or follows.
    @discardableResult
    public func set(_ bits: UInt64, mask: UInt64) -> Bool {
        guard let request else { return false }
        do throws(SystemError) {
            try kernel.setValues(request.descriptor, bits: bits, mask: mask)
            return true
        } catch {
            lose(error.description)
            return false
        }
    }

    /// The levels now; nil when the lines are not ours, and then `lost` was told or follows.
    public func levels() -> UInt64? {
        guard let request else { return nil }
        do throws(SystemError) {
            return try kernel.values(request.descriptor, mask: mask)
        } catch {
            lose(error.description)
            return nil
        }
    }

    private var mask: UInt64 { UInt64.max >> UInt64(64 - settings.lines.count) }

    // MARK: - Taking and losing

    private func wake(at moment: Moment) {
        if request == nil { return take() }
        next = Deadline(at: moment.uptime + settings.checkInterval, for: "GPIO lines are looked after")
        _ = levels()
    }

    private func take() {
        do {
            let (path, offsets) = try GPIOLookUp(kernel: kernel).find(settings.lines.map(\.name))
            let chip = try kernel.open(path)
            defer { kernel.close(chip) }
            let lines = zip(settings.lines, offsets).map {
                GPIORequest.Line(offset: $1, isActiveLow: $0.isActiveLow, bias: $0.bias)
            }
            let wanted = GPIORequest(lines: lines, direction: settings.direction, consumer: settings.consumer)
            let descriptor = try request(wanted, of: chip)
            let watch = loop.watch(descriptor: descriptor, for: "GPIO lines") { [unowned self] in isReady($0) }
            request = Request(
                descriptor: descriptor,
                watch: watch,
                offsets: offsets,
                edges: offsets.map { _ in 0 }
            )
            taken()
        } catch {
            lose("\(error)")
        }
    }

    /// Takes the lines, or says who has one of them.
    private func request(_ wanted: GPIORequest, of chip: Int32) throws -> Int32 {
        do throws(SystemError) {
            return try kernel.request(chip, wanted)
        } catch {
            guard error.code == EBUSY else { throw error }
            for (line, settings) in zip(wanted.lines, settings.lines) {
                let consumer = try kernel.lineInfo(chip, offset: line.offset).consumer
                if !consumer.isEmpty { throw GPIOLookUpError("\(settings.name): taken by \(consumer)") }
            }
            throw error
        }
    }

    private func taken() {
        guard let levels = levels() else { return }
        let moment = EventLoop.now()
        next = Deadline(at: moment.uptime + settings.checkInterval, for: "GPIO lines are looked after")
        isLossTold = false
        if pace.opened(at: moment.uptime) { log(LogRecord(.notice, "GPIO lines are back", .init("lines", lines))) }
        pace.worked()
        handler(.taken(levels: levels), moment)
    }

    private func lose(_ reason: String) {
        release()
        let now = EventLoop.uptime()
        let failure = pace.failed(at: now)
        next = Deadline(at: now + failure.pause, for: "GPIO lines are taken")
        if let untold = failure.untoldBefore {
            var record = LogRecord(
                .warning,
                "GPIO lines are lost",
                .init("lines", lines),
                .init("reason", reason)
            )
            if untold > 0 { record.fields.append(.init("failuresBefore", untold)) }
            log(record)
        }
        guard !isLossTold else { return }
        isLossTold = true
        // Deferred, so that `set` and `levels` never call back into a caller that is in the middle of something.
        loop.enqueue { [weak self] in
            if let self, source != nil { handler(.lost(reason: reason), EventLoop.now()) }
        }
    }

    private func release() {
        guard let request else { return }
        loop.unwatch(request.watch)
        kernel.close(request.descriptor)
        self.request = nil
    }

    private var lines: String { settings.lines.map(\.name.description).joined(separator: ", ") }

    // MARK: - Edges

    private func isReady(_ readiness: Watch.Interest) {
        guard let request else { return }
        do throws(SystemError) {
            let edges = try kernel.edges(request.descriptor)
            if edges.isEmpty, readiness.contains(.failed) { return lose("the chip is gone") }
            report(edges)
        } catch {
            lose(error.description)
        }
    }

    private func report(_ edges: [GPIOEdge]) {
        let moment = EventLoop.now()
        let monotonic = EventLoop.monotonic()
        var isGap = false
        for edge in edges {
            // The handler of the edge before may have released the lines.
            guard let line = request?.offsets.firstIndex(of: edge.offset), let last = request?.edges[line] else {
                return
            }
            request?.edges[line] = edge.number
            // Both clocks tick alike while the machine is awake.
            let at = moment.advanced(by: .zero - max(monotonic - edge.time, .zero))
            let missed = edge.number &- last &- 1
            isGap = isGap || missed != 0
            // A number that goes back says nothing of how many there were.
            if missed != 0, missed < 1 << 31 { handler(.missed(line: line, edges: Int(missed)), at) }
            handler(.changed(line: line, isActive: edge.isActive), at)
        }
        if isGap, let levels = levels() { handler(.refreshed(levels: levels), moment) }
    }
}
