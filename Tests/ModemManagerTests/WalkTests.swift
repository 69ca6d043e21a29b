import BusSchema
import EventLoop
import LoopUnderTest
import SimulatedNameServer
import Testing
import UplinkCore

@testable import modem_manager

/// The way to the central system, over real sockets through the loopback interface.
@Suite struct WalkTests {
    private struct End {
        let steps: [UplinkTest.Step]
        let outcome: ProbeOutcome
    }

    private func walk(
        _ loop: EventLoop,
        to host: String,
        port: UInt16,
        servers: [SocketAddress] = [],
        interface: String = "lo",
        patience: Duration = .seconds(20)
    ) throws -> End {
        let ends = Recorder<End>()
        let goal = Walk.Goal(host: host, port: port)
        let walk = Walk(to: goal, interface: interface, nameServers: servers, loop: loop, patience: patience) {
            ends.elements.append(End(steps: $0, outcome: $1))
        }
        try loop.run(until: { !ends.elements.isEmpty }, within: .seconds(50))
        withExtendedLifetime(walk) {}
        #expect(ends.elements.count == 1)
        return try #require(ends.elements.first)
    }

    /// A central system that takes connections, and says nothing.
    private func listener(_ loop: EventLoop) throws -> TCPListener {
        try TCPListener(on: .loopback(port: 0), loop: loop) { _ in { _, _ in } }
    }

    @Test func aNameThatIsFoundAndAPortThatAnswersProveTheUplink() throws {
        let loop = try EventLoop()
        let central = try listener(loop)
        let server = try SimulatedNameServer(loop) { [SimulatedNameServer.found($0, [127, 0, 0, 1])] }
        let end = try walk(loop, to: "csms.example", port: central.address.port, servers: [server.address])
        #expect(end.outcome == .answered)
        #expect(end.steps.map(\.name) == ["dns", "tcp"] && end.steps.allSatisfy { $0.outcome == .ok })
        #expect(end.steps.allSatisfy { $0.milliseconds != nil })
        #expect(end.steps[0].detail == "\(central.address)")
    }

    @Test func anAddressNeedsNoNameServer() throws {
        let loop = try EventLoop()
        let central = try listener(loop)
        let end = try walk(loop, to: "127.0.0.1", port: central.address.port)
        #expect(end.outcome == .answered)
        #expect(end.steps.map(\.outcome) == [.skipped, .ok] && end.steps[0].milliseconds == nil)
    }

    @Test func theSystemsResolverIsAskedWhereTheNetworkNamesNone() throws {
        let loop = try EventLoop()
        let central = try listener(loop)
        let end = try walk(loop, to: "localhost", port: central.address.port)
        #expect(end.outcome == .answered && end.steps.map(\.outcome) == [.ok, .ok])
    }

    @Test func aPortThatRefusesProvesTheUplinkAndFailsTheTest() throws {
        let loop = try EventLoop()
        let central = try listener(loop)
        let port = central.address.port
        central.close()
        let end = try walk(loop, to: "127.0.0.1", port: port)
        #expect(end.outcome == .answered, "It came through the network.")
        #expect(end.steps.last?.outcome == .failed)
    }

    /// From 203.0.113.0/24 nothing comes back (RFC 5737), and the loopback interface lets it be sent.
    @Test func oneAddressThatAnswersIsEnough() throws {
        let loop = try EventLoop()
        let central = try listener(loop)
        let port = central.address.port
        let server = try SimulatedNameServer(loop) {
            [SimulatedNameServer.found($0, [203, 0, 113, 1], [127, 0, 0, 1])]
        }
        let patience = Duration.milliseconds(300)
        let open = try walk(loop, to: "csms.example", port: port, servers: [server.address], patience: patience)
        #expect(open.outcome == .answered && open.steps.map(\.outcome) == [.ok, .ok])
        #expect(open.steps.last?.detail == "127.0.0.1:\(port) answers")
        central.close()
        let refused = try walk(loop, to: "csms.example", port: port, servers: [server.address], patience: patience)
        #expect(refused.outcome == .answered && refused.steps.map(\.outcome) == [.ok, .failed])
        #expect(refused.steps.last?.detail.hasSuffix("127.0.0.1:\(port) refuses") == true)
    }

    @Test func theWalkEndsWhereNoAddressAnswers() throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) {
            [SimulatedNameServer.found($0, [203, 0, 113, 1], [203, 0, 113, 2], [203, 0, 113, 3])]
        }
        let patience = Duration.milliseconds(300)
        let end = try walk(loop, to: "csms.example", port: 9, servers: [server.address], patience: patience)
        guard case .silent = end.outcome else {
            Issue.record("\(end.outcome)")
            return
        }
        #expect(end.steps.map(\.name) == ["dns", "tcp"] && end.steps.last?.detail.contains("203.0.113.3") == true)
    }

    @Test func aNameThatThereIsNotEndsTheWalk() throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { [SimulatedNameServer.unknown($0)] }
        let end = try walk(loop, to: "csms.example", port: 1, servers: [server.address])
        guard case .nameUnknown = end.outcome else {
            Issue.record("\(end.outcome)")
            return
        }
        #expect(end.steps.map(\.name) == ["dns"] && end.steps[0].outcome == .failed)
    }

    @Test func aNameServerThatIsSilentSpeaksAgainstTheUplink() throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { _ in [] }
        let end = try walk(loop, to: "csms.example", port: 1, servers: [server.address])
        guard case .silent = end.outcome else {
            Issue.record("\(end.outcome)")
            return
        }
        #expect(!server.questions.isEmpty && end.steps.map(\.outcome) == [.failed])
    }

    @Test func nothingIsSentWhereTheInterfaceIsNotThere() throws {
        let loop = try EventLoop()
        let central = try listener(loop)
        let server = try SimulatedNameServer(loop) { [SimulatedNameServer.found($0, [127, 0, 0, 1])] }
        for servers in [[server.address], []] {
            let host = servers.isEmpty ? "127.0.0.1" : "csms.example"
            let end = try walk(loop, to: host, port: central.address.port, servers: servers, interface: "wwan9")
            guard case .unreachable = end.outcome else {
                Issue.record("\(end.outcome)")
                return
            }
        }
        #expect(server.questions.isEmpty)
    }
}
