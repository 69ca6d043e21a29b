import EventLoop
public import GPIOLines
import Glibc
import Primitives

/// GPIO chips in memory. Not thread-safe, like the loop it is used on.
public final class SimulatedGPIO: GPIOKernel {
    /// One line, as a meter at its pin would see it.
    struct Line {
        var name = ""
        var consumer = ""
        var level = false
        var pull = false
        /// The number of its last edge.
        var edges: UInt32 = 0
    }

    struct Chip {
        var label: String
        var lines: [Line]
        var isBound = true
    }

    /// A descriptor of a chip, or of a request.
    enum Handle {
        case chip(String)
        case request(Request)
    }

    struct Request {
        let chip: String
        let request: GPIORequest
        /// Writing to it makes the descriptor of the request readable; closing it hangs that up.
        var bell: Int32
        var waiting: [GPIOEdge] = []
    }

    var places: [String: Chip] = [:]
    var handles: [Int32: Handle] = [:]
    /// Every level that an output was set to, in order: what the board saw.
    public private(set) var history: [Change] = []
    /// Room for edges that were not fetched; more than that are lost, the oldest first.
    public var eventBuffer = 128
    /// Whether a chip that goes hangs its requests up, as kernels from 6.6 on do.
    public var hangsUp = false

    /// An output changed, or was released.
    public struct Change: Equatable, Sendable {
        public var offset: UInt32
        public var level: Bool
        public init(offset: UInt32, level: Bool) {
            self.offset = offset
            self.level = level
        }
    }

    public init() {}

    deinit { for descriptor in handles.keys { close(descriptor) } }

    // MARK: - The board

    /// Adds a chip whose lines have `names`, all low and unnamed where the name is empty.
    public func addChip(_ path: String, label: String, names: [String]) {
        places[path] = Chip(label: label, lines: names.map { Line(name: $0) })
    }

    /// What drives `offset` from outside changes its level.
    public func drive(_ path: String, _ offset: Int, _ level: Bool) {
        places[path]?.lines[offset].pull = level
        change(path, offset, to: level)
    }

    /// The level of `offset` at its pin.
    public func level(_ path: String, _ offset: Int) -> Bool { places[path]?.lines[offset].level ?? false }

    /// Another program takes `offset`, or gives it back with nil.
    public func occupy(_ path: String, _ offset: Int, by consumer: String?) {
        places[path]?.lines[offset].consumer = consumer ?? ""
    }

    /// The chip goes: its lines fall to their pulls, and every call about them fails.
    public func unbind(_ path: String) {
        places[path]?.isBound = false
        for (descriptor, handle) in handles {
            guard case .request(var request) = handle, request.chip == path else { continue }
            release(request)
            if hangsUp {
                Glibc.close(request.bell)
                request.bell = -1
                handles[descriptor] = .request(request)
            }
        }
    }

    public func bind(_ path: String) { places[path]?.isBound = true }

    func change(_ path: String, _ offset: Int, to level: Bool) {
        guard let line = places[path]?.lines[offset], line.level != level else { return }
        places[path]?.lines[offset].level = level
        for (descriptor, handle) in handles {
            guard case .request(var request) = handle, request.chip == path, case .input = request.request.direction,
                let index = request.request.lines.firstIndex(where: { $0.offset == UInt32(offset) })
            else { continue }
            places[path]?.lines[offset].edges += 1
            request.waiting.append(
                GPIOEdge(
                    offset: UInt32(offset),
                    isActive: level != request.request.lines[index].isActiveLow,
                    time: EventLoop.monotonic(),
                    number: places[path]?.lines[offset].edges ?? 0
                )
            )
            if request.waiting.count > eventBuffer { request.waiting.removeFirst() }
            handles[descriptor] = .request(request)
            var byte: UInt8 = 1
            _ = Glibc.write(request.bell, &byte, 1)
        }
    }

    func output(_ request: Request, _ index: Int, logical: Bool) {
        let line = request.request.lines[index]
        let level = logical != line.isActiveLow
        history.append(Change(offset: line.offset, level: level))
        places[request.chip]?.lines[Int(line.offset)].level = level
    }

    func release(_ request: Request) {
        for line in request.request.lines {
            guard let pull = places[request.chip]?.lines[Int(line.offset)].pull else { continue }
            places[request.chip]?.lines[Int(line.offset)].consumer = ""
            if case .output = request.request.direction {
                history.append(Change(offset: line.offset, level: pull))
                places[request.chip]?.lines[Int(line.offset)].level = pull
            }
        }
    }
}
