import Bus
import BusCodec
import BusSchema
import EventLoop
import Glibc
import LoopUnderTest
import Primitives
import Testing
import ZeroMQ

/// Who may ask for what is decided by the socket, whatever the header says.
@Suite struct AccessTests {
    /// Asks through one socket file, under any name, and returns what came back.
    private func answer(
        to request: some BusRequest,
        from source: ServiceName,
        through file: String,
        _ fixture: Fixture
    ) throws -> BusContent? {
        let options = ZeroMQSocket.Options(sendQueue: 10, receiveQueue: 10, maximumFrameBytes: 100_000)
        let raw = try ZeroMQSocket(.dealer, context: fixture.loop.context, options: options)
        try raw.connect("ipc://\(fixture.directory.path)/\(file)")
        var content: BusContent?
        let watch = fixture.loop.watch(socket: raw) {
            guard let parts = try? raw.receive(), let header = try? BusCodec.decodeHeader(parts[1]) else { return }
            content = try? BusCodec.decodeContent(parts[2], header: header)
        }
        let header = Header(
            kind: .request,
            type: type(of: request).type,
            id: "r-1",
            source: source,
            sentAt: 0,
            uptime: 0,
            expiresAt: .max
        )
        _ = try raw.send(BusCodec.encode(request, header: header).parts)
        try fixture.loop.run(until: { content != nil })
        fixture.loop.unwatch(watch)
        raw.close()
        return content
    }

    @Test(arguments: [ServiceName.chargectl, .ocppGateway, .modemManager])
    func whatIsForServicesIsRefusedAtTheSocketOfPeopleUnderAnyName(source: ServiceName) throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        var served = 0
        server.serve(UplinkReport.self) { _, _, responder in
            served += 1
            responder.reply(Done())
        }
        let report = UplinkReport(health: .reachable)
        let refused = try answer(to: report, from: source, through: "modem-manager.rpc", fixture)
        guard case .error(let error) = refused else {
            Issue.record("answered \(String(describing: refused))")
            return
        }
        #expect(error.code == .refused)
        #expect(error.message.contains("uplink.report"))
        #expect(error.message.contains("\(fixture.directory.path)/modem-manager.svc"))
        #expect(served == 0)
        let done = try answer(to: report, from: source, through: "modem-manager.svc", fixture)
        #expect(done == .reply(Done()))
        #expect(served == 1)
    }

    @Test func servicesMayAskForEverythingAtTheirOwnSocket() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.configStore)
        server.serve(ConfigGet.self) { _, _, responder in responder.reply(.init(entries: [], unknownKeys: [])) }
        for file in ["config-store.rpc", "config-store.svc"] {
            let reply = try answer(to: ConfigGet(keys: []), from: .chargectl, through: file, fixture)
            #expect(reply == .reply(ConfigGet.Reply(entries: [], unknownKeys: [])), "\(file)")
        }
    }

    /// Which socket file a request took: only the right one is there.
    @Test func aClientAsksWhereTheClassOfTheRequestIsServedAndAServiceAtItsOwnSocket() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.modemManager)
        server.serve(UplinkReport.self) { _, _, responder in responder.reply(Done()) }
        let status = GatewayStatus.self
        let gateway = try fixture.endpoint(.ocppGateway)
        gateway.serve(status) { _, _, responder in responder.refuse(.busy, "seen") }
        unlink("\(fixture.directory.path)/modem-manager.rpc")
        unlink("\(fixture.directory.path)/ocpp-gateway.svc")
        let client = fixture.client()
        var codes: [BusError.Code?] = []
        client.request(UplinkReport(health: .reachable), within: .seconds(5)) { result in
            if case .success = result { codes.append(nil) }
        }
        client.request(GatewayStatus(), within: .seconds(5)) { result in
            if case .failure(let error) = result { codes.append(error.code) }
        }
        client.request(type: "ocpp.status", payload: Array("{}".utf8), server: .ocppGateway, within: .seconds(5)) {
            if case .failure(let error) = $0 { codes.append(error.code) }
        }
        try fixture.loop.run(until: { codes.count == 3 })
        #expect(codes.filter { $0 == .busy }.count == 2)
        var outcome: BusError.Code?
        server.request(GatewayStatus(), within: .milliseconds(100)) { result in
            if case .failure(let error) = result { outcome = error.code }
        }
        try fixture.loop.run(until: { outcome != nil })
        #expect(outcome == .timedOut)
    }

    /// The group of the socket says that a service asks, the kernel and the lock say which one.
    @Test func aServiceDeclaresForItselfOnlyWhateverNameItGives() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.configStore)
        var declared: [ServiceName] = []
        server.serve(ConfigDeclare.self) { header, request, responder in
            declared.append(request.owner)
            responder.refuse(.busy, "seen")
        }
        func code(for name: ServiceName) throws -> BusError.Code? {
            let request = ConfigDeclare(owner: name, keys: [])
            let content = try answer(to: request, from: name, through: "config-store.svc", fixture)
            guard case .error(let error) = content else { return nil }
            return error.code
        }
        // This process is that service.
        let gateway = try fixture.endpoint(.ocppGateway)
        #expect(try code(for: .ocppGateway) == .busy)
        // Nobody is that one, and another process is this one.
        #expect(try code(for: .modemManager) == .refused)
        let lock = fopen("\(fixture.directory.path)/hardware-io.lock", "w")
        fputs("1\n", lock)
        fclose(lock)
        #expect(try code(for: .hardwareIO) == .refused)
        // A name that is a path to a file of the right content is none.
        #expect(try code(for: ServiceName(rawValue: "./ocpp-gateway")) == .refused)
        #expect(declared == [.ocppGateway])
        gateway.close()
    }

    /// The number of a process that is gone is given to others, and its lock file stays.
    @Test(.enabled(if: geteuid() == 0, "only root gives a file to another user"))
    func aProcessOfAnotherUserThatGotTheNumberOfAServiceIsNotThatService() throws {
        let fixture = try Fixture()
        let server = try fixture.endpoint(.configStore)
        server.serve(ConfigDeclare.self) { _, _, responder in responder.refuse(.busy, "seen") }
        let gateway = try fixture.endpoint(.ocppGateway)
        #expect(chown("\(fixture.directory.path)/ocpp-gateway.lock", 65_534, 65_534) == 0)
        let request = ConfigDeclare(owner: .ocppGateway, keys: [])
        let content = try answer(to: request, from: .ocppGateway, through: "config-store.svc", fixture)
        guard case .error(let error) = content else {
            Issue.record("answered \(String(describing: content))")
            return
        }
        #expect(error.code == .refused)
        gateway.close()
    }

    @Test func whatCommandsHardwareOrSpeaksForAServiceIsForServices() {
        let services = BusRegistry.requests.filter { $0.access == .services }.map { $0.type }
        #expect(
            services.sorted() == [
                "config.declare", "hardware.indicate", "hardware.lock", "hardware.permit", "hardware.restart",
                "hardware.unlock", "uplink.report",
            ]
        )
    }
}
