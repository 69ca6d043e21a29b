public import EventLoop
internal import Primitives

/// A condition did not come true in time.
public struct ConditionIsLate: Error, CustomStringConvertible {
    public let description: String
}

extension EventLoop {
    /// Runs until `condition` holds after some handler.
    /// - Throws: `ConditionIsLate` when it does not within `limit`, and what the loop throws.
    public func run(
        until condition: @escaping () -> Bool,
        within limit: Duration = .seconds(10),
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        let end = EventLoop.uptime() + limit
        var isLate = false
        // Asked before every wait, so it sees every change; due at once when the condition holds.
        let source = addDeadlineSource(next: { Deadline(at: condition() ? .zero : end, for: "a test") }) { moment in
            isLate = !condition() && moment.uptime >= end
            self.stop()
        }
        defer { removeDeadlineSource(source) }
        try run()
        if isLate {
            throw ConditionIsLate(description: "\(file):\(line): the condition did not come true within \(limit)")
        }
    }
}

/// Collects what handlers report.
public final class Recorder<Element> {
    public var elements: [Element] = []

    public init() {}
}
