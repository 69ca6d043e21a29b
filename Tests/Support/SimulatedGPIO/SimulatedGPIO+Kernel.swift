public import EventLoop
public import GPIOLines
import Glibc

extension SimulatedGPIO {
    public func chips() -> [String] { places.filter(\.value.isBound).keys.sorted() }

    public func open(_ path: String) throws(SystemError) -> Int32 {
        guard places[path]?.isBound == true else { throw SystemError(code: ENOENT, operation: "open \(path)") }
        let descriptor = nothing()
        handles[descriptor] = .chip(path)
        return descriptor
    }

    public func close(_ descriptor: Int32) {
        if case .request(let request) = handles.removeValue(forKey: descriptor) {
            if places[request.chip]?.isBound == true { release(request) }
            if request.bell >= 0 { Glibc.close(request.bell) }
        }
        Glibc.close(descriptor)
    }

    public func chipInfo(_ chip: Int32) throws(SystemError) -> GPIOChipInfo {
        let (path, place) = try find(chip)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return GPIOChipInfo(name: name, label: place.label, lines: UInt32(place.lines.count))
    }

    public func lineInfo(_ chip: Int32, offset: UInt32) throws(SystemError) -> GPIOLineInfo {
        let line = try find(chip).place.lines[Int(offset)]
        return GPIOLineInfo(name: line.name, consumer: line.consumer)
    }

    public func request(_ chip: Int32, _ request: GPIORequest) throws(SystemError) -> Int32 {
        let (path, place) = try find(chip)
        for line in request.lines where !place.lines[Int(line.offset)].consumer.isEmpty {
            throw SystemError(code: EBUSY, operation: "take GPIO lines")
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError(code: errno, operation: "take GPIO lines") }
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        let taken = Request(chip: path, request: request, bell: ends[1])
        handles[ends[0]] = .request(taken)
        for (index, line) in request.lines.enumerated() {
            places[path]?.lines[Int(line.offset)].consumer = request.consumer
            places[path]?.lines[Int(line.offset)].edges = 0
            if case .output(let initial) = request.direction {
                output(taken, index, logical: initial >> UInt64(index) & 1 == 1)
            }
        }
        return ends[0]
    }

    public func values(_ request: Int32, mask: UInt64) throws(SystemError) -> UInt64 {
        let taken = try find(request: request)
        var bits: UInt64 = 0
        for (index, line) in taken.request.lines.enumerated()
        where level(taken.chip, Int(line.offset)) != line.isActiveLow {
            bits |= 1 << UInt64(index)
        }
        return bits & mask
    }

    public func setValues(_ request: Int32, bits: UInt64, mask: UInt64) throws(SystemError) {
        let taken = try find(request: request)
        for index in taken.request.lines.indices where mask >> UInt64(index) & 1 == 1 {
            output(taken, index, logical: bits >> UInt64(index) & 1 == 1)
        }
    }

    public func edges(_ request: Int32) throws(SystemError) -> [GPIOEdge] {
        guard case .request(var taken) = handles[request] else { return [] }
        let edges = Array(taken.waiting.prefix(16))
        taken.waiting.removeFirst(edges.count)
        if taken.waiting.isEmpty {
            var waste = [UInt8](repeating: 0, count: 4096)
            while read(request, &waste, waste.count) == waste.count {}
        }
        handles[request] = .request(taken)
        return edges
    }

    private func find(_ chip: Int32) throws(SystemError) -> (path: String, place: Chip) {
        guard case .chip(let path) = handles[chip], let place = places[path], place.isBound else {
            throw SystemError(code: ENODEV, operation: "read about a GPIO chip")
        }
        return (path, place)
    }

    private func find(request: Int32) throws(SystemError) -> Request {
        guard case .request(let taken) = handles[request], places[taken.chip]?.isBound == true, taken.bell >= 0 else {
            throw SystemError(code: ENODEV, operation: "use GPIO lines")
        }
        return taken
    }

    /// A descriptor to name a chip by; nothing is ever read from it.
    private func nothing() -> Int32 { Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }
}
