import BusSchema
import EventLoop
import Glibc
import LoopUnderTest
import Primitives
import Testing

@testable import Bus

/// Sockets that systemd has made. What real services do with them stands in the tests of the real programs.
@Suite(.serialized) struct InheritedSocketsTests {
    /// Beyond what any other test in this process uses.
    private static let first: Int32 = 3000
    private static let names = ["pub", "rpc", "svc"]

    /// Listens at the files of a service as systemd would; the descriptors are in the order of `names`.
    private func handOver(_ fixture: Fixture, as service: ServiceName = .modemManager) throws -> [String: String] {
        for (offset, name) in Self.names.enumerated() {
            let descriptor = try LocalSocket.listen(at: "\(fixture.directory.path)/\(service).\(name)", mode: 0o600)
            try #require(dup2(descriptor, Self.first + Int32(offset)) >= 0)
            close(descriptor)
        }
        return environment()
    }

    private func environment(names: String = "pub:rpc:svc", count: String = "3", pid: Int32 = getpid()) -> [String:
        String]
    {
        ["LISTEN_PID": "\(pid)", "LISTEN_FDS": count, "LISTEN_FDNAMES": names]
    }

    private func take(_ environment: [String: String]) throws(BusStartError) -> InheritedSockets? {
        try InheritedSockets.take(environment: environment, pid: getpid(), first: Self.first)
    }

    private func closeAll() { for offset in 0..<3 as Range<Int32> { close(Self.first + offset) } }

    private func endpoint(_ fixture: Fixture, _ sockets: InheritedSockets?) throws -> BusEndpoint {
        try BusEndpoint(
            service: .modemManager,
            version: "1",
            directory: fixture.directory,
            sockets: sockets,
            loop: fixture.loop,
            publishes: [],
            serves: [UplinkReport.self]
        )
    }

    private func mode(_ path: String) -> UInt32 {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func aServiceServesAtThemLeavesTheirModesAloneAndLeavesThemForTheNextProcess() throws {
        let fixture = try Fixture()
        let sockets = try take(try handOver(fixture))
        defer { closeAll() }
        // One process after another; what was handed over stays.
        for round in 1...2 {
            let server = try endpoint(fixture, sockets)
            #expect(server.openToStrangers == nil)
            server.serve(UplinkReport.self) { _, _, responder in responder.reply(Done()) }
            let client = BusClient(
                source: .ocppGateway,
                directory: fixture.directory,
                loop: fixture.loop,
                isService: true
            )
            var answer: Result<Done, BusError>?
            client.request(UplinkReport(health: .reachable), within: .seconds(5)) { answer = $0 }
            try fixture.loop.run(until: { answer != nil })
            #expect(answer == .success(Done()), "round \(round)")
            client.close()
            server.close()
            for name in Self.names { #expect(mode("\(fixture.directory.path)/modem-manager.\(name)") == 0o600) }
        }
    }

    /// Systemd started it once, and a charger that does not start needs a visit.
    @Test func aServiceThatWasHandedItsSocketsStartsWithoutALockFileAndSaysSo() throws {
        let fixture = try Fixture()
        // What cannot be opened, not by root either.
        let lock = try LocalSocket.listen(at: "\(fixture.directory.path)/modem-manager.lock", mode: 0o600)
        defer { close(lock) }
        #expect(throws: BusStartError.self) { try endpoint(fixture, nil) }
        let sockets = try take(try handOver(fixture))
        defer { closeAll() }
        let server = try endpoint(fixture, sockets)
        #expect(server.withoutLock?.level == .error)
        server.close()
        unlink("\(fixture.directory.path)/modem-manager.lock")
        let again = try endpoint(fixture, sockets)
        #expect(again.withoutLock == nil)
        again.close()
    }

    @Test func aServiceWhoseSocketFilesAreGoneSaysWhich() throws {
        let fixture = try Fixture()
        let sockets = try take(try handOver(fixture))
        defer { closeAll() }
        let path = "\(fixture.directory.path)/modem-manager.svc"
        unlink(path)
        let server = try endpoint(fixture, sockets)
        defer { server.close() }
        let told = try #require(server.withoutDoor)
        #expect(told.level == .error && told.fields.first?.value == "\(path)")
        let again = try LocalSocket.listen(at: path, mode: 0o600)
        defer { close(again) }
        #expect(server.withoutDoor == nil)
    }

    @Test func programsThatTheServiceRunsDoNotGetThemAndItsSuccessorDoes() throws {
        let fixture = try Fixture()
        let sockets = try take(try handOver(fixture))
        defer { closeAll() }
        for offset in 0..<3 as Range<Int32> { #expect(fcntl(Self.first + offset, F_GETFD) == FD_CLOEXEC) }
        sockets?.keepForSuccessor()
        for offset in 0..<3 as Range<Int32> { #expect(fcntl(Self.first + offset, F_GETFD) == 0) }
    }

    @Test func whatIsMeantForAnotherProcessOrIsNotThereIsLeftAlone() throws {
        #expect(try take([:]) == nil)
        #expect(try take(environment(pid: getpid() + 1)) == nil)
        #expect(try take(["LISTEN_PID": "\(getpid())"]) == nil)
    }

    @Test(arguments: [
        ("pub:rpc", "2"), ("pub:rpc:svc:more", "4"), ("pub:rpc:rpc", "3"), ("pub:rpc:unknown", "3"),
        ("pub:rpc:svc", "4"),
        ("", "3"), ("pub:rpc:svc", "0"), ("pub:rpc:svc", "-1"), ("pub:rpc:svc", "99999999999"), ("pub:rpc:svc", "x"),
    ])
    func anythingButOneOfEachNameIsRefusedInOneLine(names: String, count: String) throws {
        let error = #expect(throws: BusStartError.self) { _ = try take(environment(names: names, count: count)) }
        let line = "\(try #require(error))"
        #expect(!line.contains("\n"))
        #expect(line.contains("expected"))
    }

    @Test func aDescriptorThatIsNotOpenIsRefused() throws {
        let error = #expect(throws: BusStartError.self) { _ = try take(environment()) }
        #expect("\(try #require(error))".contains("descriptor \(Self.first) is not open"))
    }

    @Test func socketsOfAnotherServiceAreRefused() throws {
        let fixture = try Fixture()
        let sockets = try take(try handOver(fixture, as: .configStore))
        defer { closeAll() }
        let error = #expect(throws: BusStartError.self) { _ = try endpoint(fixture, sockets) }
        let path = fixture.directory.path
        #expect(
            "\(try #require(error))"
                == "the socket pub that was handed over listens at \(path)/config-store.pub, expected \(path)/modem-manager.pub"
        )
    }

    @Test func whatIsNoListeningSocketIsRefused() throws {
        let fixture = try Fixture()
        let other = open("/dev/null", O_RDONLY)
        for offset in 0..<3 as Range<Int32> { try #require(dup2(other, Self.first + offset) >= 0) }
        close(other)
        let sockets = try take(environment())
        defer { closeAll() }
        let error = #expect(throws: BusStartError.self) { _ = try endpoint(fixture, sockets) }
        #expect("\(try #require(error))".contains("pub is no listening unix socket"))
    }
}
