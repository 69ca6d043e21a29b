public import EventLoop

/// What the kernel does for GPIO: version 2 of its character device (`linux/gpio.h`), one function for each call.
///
/// `LinuxGPIO` is the real one; tests have another.
public protocol GPIOKernel {
    /// Paths of all chips, sorted.
    func chips() -> [String]
    /// Opens the chip at `path`.
    func open(_ path: String) throws(SystemError) -> Int32
    /// Ends a chip or a request; lines of a request are released.
    func close(_ descriptor: Int32)
    func chipInfo(_ chip: Int32) throws(SystemError) -> GPIOChipInfo
    func lineInfo(_ chip: Int32, offset: UInt32) throws(SystemError) -> GPIOLineInfo
    /// Takes lines. - Returns: The descriptor of the request, which becomes readable with an edge.
    func request(_ chip: Int32, _ request: GPIORequest) throws(SystemError) -> Int32
    /// Logical levels; bit i is the i-th line of the request.
    func values(_ request: Int32, mask: UInt64) throws(SystemError) -> UInt64
    /// Sets the lines of `mask` to the logical levels in `bits`, all at once.
    func setValues(_ request: Int32, bits: UInt64, mask: UInt64) throws(SystemError)
    /// Edges that wait, oldest first, at most 16; none when nothing waits.
    func edges(_ request: Int32) throws(SystemError) -> [GPIOEdge]
}

/// A chip as the kernel knows it.
public struct GPIOChipInfo: Equatable, Sendable {
    /// `gpiochip0`: changes from boot to boot.
    public var name: String
    /// What the driver calls it: stable.
    public var label: String
    public var lines: UInt32

    public init(name: String, label: String, lines: UInt32) {
        self.name = name
        self.label = label
        self.lines = lines
    }
}

/// A line as the kernel knows it.
public struct GPIOLineInfo: Equatable, Sendable {
    /// From the device tree; empty when it has none.
    public var name: String
    /// Who has taken it; empty when nobody has.
    public var consumer: String

    public init(name: String, consumer: String) {
        self.name = name
        self.consumer = consumer
    }
}

/// Lines of one chip that are taken together.
public struct GPIORequest: Equatable, Sendable {
    /// One line of a request.
    public struct Line: Equatable, Sendable {
        public var offset: UInt32
        /// The logical level is the inverse of the electrical one.
        public var isActiveLow: Bool
        public var bias: GPIOBias

        public init(offset: UInt32, isActiveLow: Bool, bias: GPIOBias) {
            self.offset = offset
            self.isActiveLow = isActiveLow
            self.bias = bias
        }
    }

    public var lines: [Line]
    public var direction: GPIODirection
    /// Who takes them, for whoever asks why a line is busy; at most 31 bytes count.
    public var consumer: String

    public init(lines: [Line], direction: GPIODirection, consumer: String) {
        self.lines = lines
        self.direction = direction
        self.consumer = consumer
    }
}

/// What pulls a line where nothing drives it.
public enum GPIOBias: String, Equatable, Hashable, Sendable, CaseIterable {
    /// As the board has it.
    case asIs
    case pullUp, pullDown, disabled
}

/// What lines are for.
public enum GPIODirection: Equatable, Hashable, Sendable {
    /// Each edge is told once the line has been steady for `debounce`; whole microseconds, zero for every edge.
    case input(debounce: Duration)
    /// Driven from the moment of the request on, to the logical levels in `initial`.
    case output(initial: UInt64)
}

/// A change of one line.
public struct GPIOEdge: Equatable, Sendable {
    public var offset: UInt32
    /// The logical level after it.
    public var isActive: Bool
    /// `CLOCK_MONOTONIC`, when the kernel noticed it.
    public var time: Duration
    /// Counts the edges of the line from 1, also those that the kernel had no room for.
    public var number: UInt32

    public init(offset: UInt32, isActive: Bool, time: Duration, number: UInt32) {
        self.offset = offset
        self.isActive = isActive
        self.time = time
        self.number = number
    }
}
