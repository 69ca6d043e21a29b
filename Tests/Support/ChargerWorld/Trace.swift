import Primitives

/// The newest steps of a run, kept as values and written only when a run has failed.
struct Trace: Sendable {
    struct Entry: Sendable {
        var at: Duration
        var step: Int
        var who: StaticString
        var what: any Sendable
    }

    private let capacity: Int
    private var entries: [Entry] = []
    private var oldest = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func note(_ who: StaticString, _ what: any Sendable, at: Duration, step: Int) {
        let entry = Entry(at: at, step: step, who: who, what: what)
        if entries.count < capacity {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = (oldest + 1) % capacity
        }
    }

    /// One line per entry, oldest first.
    func lines(last count: Int) -> [String] {
        (entries[oldest...] + entries[..<oldest]).suffix(count).map { entry in
            let seconds = entry.at.wholeMilliseconds
            let text = Self.words(entry.what).prefix(360)
            return "#\(entry.step) \(seconds / 1000).\(String(1000 + seconds % 1000).dropFirst()) \(entry.who): \(text)"
        }
    }

    /// Without the names of modules, which say nothing here.
    private static func words(_ what: any Sendable) -> String {
        let parts = "\(what)".split(separator: ".", omittingEmptySubsequences: false)
        var text = ""
        for part in parts {
            let isModule = modules.contains { part.hasSuffix($0) }
            let module = isModule ? modules.first { part.hasSuffix($0) } : nil
            text += part.dropLast(module?.count ?? 0)
            if module == nil { text += "." }
        }
        return String(text.dropLast())
    }

    private static let modules = ["BusSchema", "GatewayCore", "HardwareCore", "ConfigCore", "UplinkCore", "OCPP"]
}
