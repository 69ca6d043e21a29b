import EventLoop
import Primitives
import Testing

extension EventLoop {
    /// Runs until `condition` holds after some handler, or fails the test when it does not within `limit`.
    func run(
        until condition: @escaping () -> Bool,
        within limit: Duration = .seconds(10),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let end = EventLoop.uptime() + limit
        var isLate = false
        // Asked before every wait, so it sees every change; due at once when the condition holds.
        let source = addDeadlineSource(next: { Deadline(at: condition() ? .zero : end, for: "a test") }) { moment in
            isLate = !condition() && moment.uptime >= end
            self.stop()
        }
        try run()
        removeDeadlineSource(source)
        #expect(!isLate, "the condition did not come true in time", sourceLocation: sourceLocation)
    }
}

/// Collects what handlers report.
final class Recorder<Element> {
    var elements: [Element] = []
}
