import Bus
import BusSchema
import EventLoop
import Glibc
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

/// A runtime directory of its own per test.
final class Fixture {
    let loop: EventLoop
    let directory: RuntimeDirectory
    var log: [LogRecord] = []

    init() throws {
        loop = try EventLoop()
        var template = Array("/tmp/bus-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(code: errno, operation: "create a directory") }
        directory = RuntimeDirectory(
            path: String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        )
    }

    deinit {
        for service in ServiceName.daemons {
            for name in ["pub", "rpc", "svc", "lock"] { unlink("\(directory.path)/\(service).\(name)") }
        }
        rmdir(directory.path)
    }

    func endpoint(_ service: ServiceName, repeatInterval: Duration = .seconds(60)) throws -> BusEndpoint {
        let endpoint = try BusEndpoint(
            service: service,
            version: "1.2.3",
            directory: directory,
            loop: loop,
            publishes: [ReaderState.self, CardPresented.self],
            serves: [UplinkReport.self, GatewayStatus.self, ConfigGet.self, ConfigDeclare.self],
            repeatInterval: repeatInterval
        )
        endpoint.onLog = { [unowned self] in log.append($0) }
        return endpoint
    }

    func client() -> BusClient { BusClient(source: .chargectl, directory: directory, loop: loop) }
}
