import EventLoop
import HardwareCore
import Primitives
import Testing

@testable import hardware_io

/// What a driver reports, and the loop that it runs on.
final class Hearing {
    let loop: EventLoop
    private(set) var events: [DriverEvent] = []

    init() throws { loop = try EventLoop() }

    func listen(to driver: any Driver) {
        driver.report = { [unowned self] event, _ in events.append(event) }
    }

    func forget() { events.removeAll() }

    /// Runs the loop until the events fulfil `condition`, for ten seconds at most.
    func run(_ what: String = "it", until condition: @escaping ([DriverEvent]) -> Bool) throws {
        let end = EventLoop.uptime() + .seconds(10)
        let source = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: condition(events) ? .zero : end, for: "a test") },
            fire: { [loop] _ in loop.stop() }
        )
        try loop.run()
        loop.removeDeadlineSource(source)
        let came = condition(events)
        #expect(came, "\(what) never came true: \(events)")
    }
}
