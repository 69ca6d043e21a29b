internal import CLinux
public import EventLoop
internal import Glibc
internal import Primitives

/// GPIO of the running kernel.
public struct LinuxGPIO: GPIOKernel {
    /// Room for edges that were not fetched yet; the kernel drops the oldest above that.
    private static let eventBuffer: UInt32 = 128

    public init() {}

    public func chips() -> [String] {
        guard let directory = opendir("/dev") else { return [] }
        defer { closedir(directory) }
        var paths: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { text(in: $0) }
            if name.hasPrefix("gpiochip") { paths.append("/dev/" + name) }
        }
        return paths.sorted()
    }

    public func open(_ path: String) throws(SystemError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(code: errno, operation: "open \(path)") }
        return descriptor
    }

    public func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    public func chipInfo(_ chip: Int32) throws(SystemError) -> GPIOChipInfo {
        var info = gpiochip_info()
        try call(chip, LINUX_GPIO_GET_CHIPINFO, &info, "read about a GPIO chip")
        return GPIOChipInfo(
            name: withUnsafeBytes(of: info.name) { text(in: $0) },
            label: withUnsafeBytes(of: info.label) { text(in: $0) },
            lines: info.lines
        )
    }

    public func lineInfo(_ chip: Int32, offset: UInt32) throws(SystemError) -> GPIOLineInfo {
        var info = gpio_v2_line_info()
        info.offset = offset
        try call(chip, LINUX_GPIO_V2_GET_LINEINFO, &info, "read about GPIO line \(offset)")
        return GPIOLineInfo(
            name: withUnsafeBytes(of: info.name) { text(in: $0) },
            consumer: withUnsafeBytes(of: info.consumer) { text(in: $0) }
        )
    }

    public func request(_ chip: Int32, _ request: GPIORequest) throws(SystemError) -> Int32 {
        var form = Self.form(of: request)
        let offsets = request.lines.map { String($0.offset) }.joined(separator: ", ")
        try call(chip, LINUX_GPIO_V2_GET_LINE, &form, "take GPIO line \(offsets)")
        // Edges are fetched until none is left.
        let flags = fcntl(form.fd, F_GETFL)
        _ = fcntl(form.fd, F_SETFL, flags | O_NONBLOCK)
        _ = fcntl(form.fd, F_SETFD, FD_CLOEXEC)
        return form.fd
    }

    public func values(_ request: Int32, mask: UInt64) throws(SystemError) -> UInt64 {
        var values = gpio_v2_line_values(bits: 0, mask: mask)
        try call(request, LINUX_GPIO_V2_LINE_GET_VALUES, &values, "read GPIO lines")
        return values.bits & mask
    }

    public func setValues(_ request: Int32, bits: UInt64, mask: UInt64) throws(SystemError) {
        var values = gpio_v2_line_values(bits: bits, mask: mask)
        try call(request, LINUX_GPIO_V2_LINE_SET_VALUES, &values, "set GPIO lines")
    }

    public func edges(_ request: Int32) throws(SystemError) -> [GPIOEdge] {
        let most = 16
        var count = 0
        var code: Int32 = 0
        let events = [gpio_v2_line_event](unsafeUninitializedCapacity: most) { buffer, initialized in
            count = read(request, buffer.baseAddress, most * MemoryLayout<gpio_v2_line_event>.stride)
            code = errno
            initialized = max(count, 0) / MemoryLayout<gpio_v2_line_event>.stride
        }
        guard count > 0 || code == EAGAIN || code == EINTR else {
            throw SystemError(code: count == 0 ? ENODEV : code, operation: "fetch edges of GPIO lines")
        }
        return events.map { event in
            GPIOEdge(
                offset: event.offset,
                isActive: event.id == UInt32(GPIO_V2_LINE_EVENT_RISING_EDGE.rawValue),
                time: .nanoseconds(Int64(clamping: event.timestamp_ns)),
                number: event.line_seqno
            )
        }
    }

    private func call<Form>(
        _ descriptor: Int32,
        _ number: UInt,
        _ form: inout Form,
        _ operation: @autoclosure () -> String
    ) throws(SystemError) {
        guard withUnsafeMutablePointer(to: &form, { ioctl(descriptor, number, $0) }) >= 0 else {
            throw SystemError(code: errno, operation: operation())
        }
    }
}

extension LinuxGPIO {
    /// The request as the kernel takes it. What is not set is zero, which the kernel insists on.
    static func form(of request: GPIORequest) -> gpio_v2_line_request {
        precondition((1...64).contains(request.lines.count), "A request is for one to 64 lines.")
        var form = gpio_v2_line_request()
        form.num_lines = UInt32(request.lines.count)
        form.event_buffer_size = eventBuffer
        withUnsafeMutableBytes(of: &form.offsets) { bytes in
            let offsets = bytes.bindMemory(to: UInt32.self)
            for (index, line) in request.lines.enumerated() { offsets[index] = line.offset }
        }
        withUnsafeMutableBytes(of: &form.consumer) { bytes in
            bytes.copyBytes(from: request.consumer.utf8.prefix(bytes.count - 1))
        }
        form.config = configuration(of: request)
        return form
    }

    private static func configuration(of request: GPIORequest) -> gpio_v2_line_config {
        var attributes: [gpio_v2_line_config_attribute] = []
        let all = UInt64.max >> UInt64(64 - request.lines.count)
        switch request.direction {
        case .input(let debounce) where debounce > .zero:
            var attribute = gpio_v2_line_config_attribute(attr: gpio_v2_line_attribute(), mask: all)
            attribute.attr.id = UInt32(GPIO_V2_LINE_ATTR_ID_DEBOUNCE.rawValue)
            attribute.attr.debounce_period_us = UInt32(clamping: debounce.wholeMicroseconds)
            attributes.append(attribute)
        case .input: break
        case .output(let initial):
            var attribute = gpio_v2_line_config_attribute(attr: gpio_v2_line_attribute(), mask: all)
            attribute.attr.id = UInt32(GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES.rawValue)
            attribute.attr.values = initial & all
            attributes.append(attribute)
        }
        let flags = request.lines.map { Self.flags(of: $0, request.direction) }
        var configuration = gpio_v2_line_config()
        configuration.flags = flags[0]
        // Lines whose flags differ from the first one's: eight kinds there are at most, and places for ten.
        var others: [UInt64: UInt64] = [:]
        for (index, flags) in flags.enumerated() where flags != configuration.flags {
            others[flags, default: 0] |= 1 << UInt64(index)
        }
        for (flags, mask) in others {
            var attribute = gpio_v2_line_config_attribute(attr: gpio_v2_line_attribute(), mask: mask)
            attribute.attr.id = UInt32(GPIO_V2_LINE_ATTR_ID_FLAGS.rawValue)
            attribute.attr.flags = flags
            attributes.append(attribute)
        }
        configuration.num_attrs = UInt32(attributes.count)
        withUnsafeMutableBytes(of: &configuration.attrs) { bytes in
            let places = bytes.bindMemory(to: gpio_v2_line_config_attribute.self)
            for (index, attribute) in attributes.enumerated() { places[index] = attribute }
        }
        return configuration
    }

    private static func flags(of line: GPIORequest.Line, _ direction: GPIODirection) -> UInt64 {
        var flags: UInt64
        switch direction {
        case .input:
            flags =
                GPIO_V2_LINE_FLAG_INPUT.rawValue64 | GPIO_V2_LINE_FLAG_EDGE_RISING.rawValue64
                | GPIO_V2_LINE_FLAG_EDGE_FALLING.rawValue64
        case .output: flags = GPIO_V2_LINE_FLAG_OUTPUT.rawValue64
        }
        if line.isActiveLow { flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW.rawValue64 }
        switch line.bias {
        case .asIs: break
        case .pullUp: flags |= GPIO_V2_LINE_FLAG_BIAS_PULL_UP.rawValue64
        case .pullDown: flags |= GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN.rawValue64
        case .disabled: flags |= GPIO_V2_LINE_FLAG_BIAS_DISABLED.rawValue64
        }
        return flags
    }
}

extension gpio_v2_line_flag {
    fileprivate var rawValue64: UInt64 { UInt64(rawValue) }
}

extension Duration {
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds.multipliedClamped(by: 1_000_000).addingClamped(attoseconds / 1_000_000_000_000)
    }
}

/// The text in a field that ends with a zero or fills it.
private func text(in field: UnsafeRawBufferPointer) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
}
