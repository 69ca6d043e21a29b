import Bus
import BusSchema
import EventLoop
import Glibc
import LoopUnderTest
import Primitives
import Testing

@Suite struct RuntimeDirectoryTests {
    @Test func theSecondInstanceIsRefusedInOneLineAndTheFirstLivesOn() throws {
        let fixture = try Fixture()
        let first = try fixture.endpoint(.modemManager)
        first.serve(UplinkReport.self) { _, _, responder in responder.reply(Done()) }
        let expected = BusStartError.occupied(service: .modemManager, directory: fixture.directory.path, pid: getpid())
        #expect(throws: expected) { try fixture.endpoint(.modemManager) }
        #expect(expected.description.contains("modem-manager"))
        #expect(expected.description.contains("pid \(getpid())"))
        #expect(expected.description.contains("--runtime-dir"))
        #expect(!expected.description.contains("\n"))
        let client = fixture.client()
        var outcome: Result<Done, BusError>?
        client.request(UplinkReport(health: .reachable), within: .seconds(5)) { outcome = $0 }
        try fixture.loop.run(until: { outcome != nil })
        #expect(outcome == .success(Done()))
    }

    @Test func presenceTellsRunningFromStaleFromAbsent() throws {
        let fixture = try Fixture()
        #expect(fixture.directory.presence(of: .hardwareIO) == .absent)
        let endpoint = try fixture.endpoint(.hardwareIO)
        #expect(fixture.directory.presence(of: .hardwareIO) == .running)
        #expect(fixture.directory.publishers() == [.hardwareIO])
        endpoint.close()
        #expect(fixture.directory.presence(of: .hardwareIO) == .absent)
        #expect(fixture.directory.publishers() == [])
        // As a killed process leaves it: the path is there, and nobody listens.
        let leftOver = try LocalSocket.listen(at: "\(fixture.directory.path)/hardware-io.rpc", mode: 0o600)
        close(leftOver)
        #expect(fixture.directory.presence(of: .hardwareIO) == .stale)
        let successor = try fixture.endpoint(.hardwareIO)
        #expect(fixture.directory.presence(of: .hardwareIO) == .running)
        successor.close()
    }

    /// It closes a socket for requests that is flooded, and goes on with the others.
    @Test func aServiceThatHasClosedASocketRuns() throws {
        let fixture = try Fixture()
        let path = fixture.directory.path
        let flooded = try LocalSocket.listen(at: "\(path)/hardware-io.rpc", mode: 0o600)
        let publisher = try LocalSocket.listen(at: "\(path)/hardware-io.pub", mode: 0o600)
        close(flooded)
        #expect(fixture.directory.presence(of: .hardwareIO) == .running)
        close(publisher)
        #expect(fixture.directory.presence(of: .hardwareIO) == .stale)
    }

    /// Left there by mistake, or to keep a service from starting.
    @Test(arguments: ["lock", "pub", "rpc", "svc"], [false, true])
    func whatHasTheNameOfAFileOfOursStopsNoService(name: String, isLink: Bool) throws {
        let fixture = try Fixture()
        let path = "\(fixture.directory.path)/hardware-io.\(name)"
        if isLink { symlink("/nowhere/at/all", path) } else { mkdir(path, 0o755) }
        let endpoint = try fixture.endpoint(.hardwareIO)
        #expect(fixture.directory.presence(of: .hardwareIO) == .running)
        #expect(throws: BusStartError.self) { try fixture.endpoint(.hardwareIO) }
        endpoint.close()
        // Kept, since nobody knows whose it is.
        #expect(remove(path + ".unreadable") == 0)
    }

    @Test func theSocketsAreForTheGroupAndNobodyElse() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        for name in ["pub", "rpc", "svc"] {
            var status = stat()
            let result = stat("\(fixture.directory.path)/hardware-io.\(name)", &status)
            #expect(result == 0)
            #expect(status.st_mode & 0o777 == 0o660)
        }
        endpoint.close()
    }

    /// Without their groups the doors of people and of services are one, and somebody has to know.
    @Test func aSocketThatHasNotItsGroupIsNamedForTheLog() throws {
        let fixture = try Fixture()
        let endpoint = try fixture.endpoint(.hardwareIO)
        let groups = ["pub": "charger-tap", "rpc": "charger-control", "svc": "charger-services"]
        let wrong = groups.filter { name, group in
            var status = stat()
            let result = stat("\(fixture.directory.path)/hardware-io.\(name)", &status)
            return result != 0 || getgrnam(group)?.pointee.gr_gid != status.st_gid
        }
        let warning = endpoint.openToStrangers
        #expect((warning == nil) == wrong.isEmpty)
        let named = warning?.fields.first { $0.key == "groups" }?.value ?? ""
        for group in groups.values { #expect(named.contains("\(group) (") == wrong.values.contains(group)) }
        endpoint.close()
    }

    @Test func aMissingDirectoryIsCreatedAndAnImpossibleOneIsNamed() throws {
        let fixture = try Fixture()
        let loop = fixture.loop
        let inner = RuntimeDirectory(path: fixture.directory.path + "/inner/")
        let endpoint = try BusEndpoint(
            service: .hardwareIO,
            version: "1",
            directory: inner,
            loop: loop,
            publishes: [],
            serves: []
        )
        var status = stat()
        let result = stat(inner.path, &status)
        #expect(result == 0)
        #expect(status.st_mode & 0o777 == 0o750)
        endpoint.close()
        unlink("\(inner.path)/hardware-io.lock")
        rmdir(inner.path)

        let impossible = RuntimeDirectory(path: "/proc/nowhere")
        #expect {
            try BusEndpoint(
                service: .hardwareIO,
                version: "1",
                directory: impossible,
                loop: loop,
                publishes: [],
                serves: []
            )
        } throws: { error in
            "\(error)".contains("/proc/nowhere") && "\(error)".contains("--runtime-dir")
        }
    }

    @Test func aPathThatTheKernelCannotTakeIsRefusedWithBothNumbers() throws {
        let fixture = try Fixture()
        let long = RuntimeDirectory(path: "/tmp/" + String(repeating: "x", count: 100))
        let expected = BusStartError.pathTooLong(directory: long.path, bytes: 105 + "/hardware-io.pub".count)
        #expect(throws: expected) {
            try BusEndpoint(
                service: .hardwareIO,
                version: "1",
                directory: long,
                loop: fixture.loop,
                publishes: [],
                serves: []
            )
        }
        #expect(expected.description.contains("107"))
    }
}
