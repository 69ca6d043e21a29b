import EventLoop
import GPIOLines
import Glibc
import Primitives

/// A group of lines that tells its events and takes orders as text.
final class Probe {
    private let loop: EventLoop
    private let group: GPIOLineGroup
    private var pending: [UInt8] = []

    init(_ settings: GPIOLineGroup.Settings) throws {
        loop = try EventLoop()
        group = GPIOLineGroup(settings, kernel: LinuxGPIO(), loop: loop) { event, moment in
            let age = (EventLoop.uptime() - moment.uptime).wholeMilliseconds
            switch event {
            case .taken(let levels): Self.say("taken \(levels)")
            case .changed(let line, let isActive): Self.say("changed \(line) \(isActive ? 1 : 0) \(age)")
            case .missed(let line, let edges): Self.say("missed \(line) \(edges)")
            case .refreshed(let levels): Self.say("refreshed \(levels)")
            case .lost(let reason): Self.say("lost \(reason)")
            }
        } log: { _ in
            // The events say it already.
        }
    }

    static func settings(_ words: ArraySlice<String>) -> GPIOLineGroup.Settings? {
        let words = Array(words)
        guard words.count >= 3, let number = UInt64(words[1]) else { return nil }
        let lines = words.dropFirst(2).compactMap(line)
        guard lines.count == words.count - 2 else { return nil }
        let direction: GPIODirection =
            words[0] == "out" ? .output(initial: number) : .input(debounce: .milliseconds(Int64(clamping: number)))
        return GPIOLineGroup.Settings(lines, direction: direction, consumer: "gpio-probe")
    }

    private static func line(_ text: String) -> GPIOLineGroup.Settings.Line? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let isActiveLow = parts[0].hasSuffix("!")
        let chip = isActiveLow ? parts[0].dropLast() : parts[0]
        let place: GPIOLineName.Line = UInt32(parts[1]).map { .offset($0) } ?? .name(String(parts[1]))
        let name = GPIOLineName(chip: chip.isEmpty ? nil : String(chip), line: place)
        return GPIOLineGroup.Settings.Line(name, isActiveLow: isActiveLow)
    }

    /// At once, also into a pipe.
    static func say(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = write(STDOUT_FILENO, line, line.count)
    }

    func run() throws {
        loop.watch(descriptor: STDIN_FILENO) { [self] _ in takeOrders() }
        group.start()
        try loop.run()
    }

    private func takeOrders() {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        guard count > 0 else { return loop.stop() }
        pending += bytes.prefix(count)
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            let order = String(decoding: pending[..<end], as: UTF8.self).split(separator: " ")
            pending.removeFirst(end + 1)
            carryOut(order)
        }
    }

    private func carryOut(_ order: [Substring]) {
        switch order.first {
        case "set" where order.count == 3:
            Self.say(group.set(UInt64(order[1]) ?? 0, mask: UInt64(order[2]) ?? 0) ? "done" : "failed")
        case "get": Self.say(group.levels().map { "levels \($0)" } ?? "failed")
        case "end": loop.stop()
        default: Self.say("error \(order)")
        }
    }
}
