import Bus
import BusSchema
import EventLoop
import Glibc
import Primitives
import Testing

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
