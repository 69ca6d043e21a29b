import EventLoop
import NameServers
import Primitives
import SimulatedNameServer
import Testing

/// Over real sockets, through the loopback interface.
@Suite struct NameLookupTests {
    private func look(
        _ loop: EventLoop,
        servers: [SocketAddress],
        name: String = "csms.example",
        interface: String = "lo"
    ) throws -> NameLookup.Outcome {
        let outcomes = Recorder<NameLookup.Outcome>()
        let lookup = NameLookup(name, port: 8180, servers: servers, interface: interface, loop: loop) {
            outcomes.elements.append($0)
        }
        try loop.run(until: { !outcomes.elements.isEmpty })
        withExtendedLifetime(lookup) {}
        #expect(outcomes.elements.count == 1)
        return try #require(outcomes.elements.first)
    }

    @Test func theAddressOfANameIsWhatItsServerSays() throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { [SimulatedNameServer.found($0, [192, 0, 2, 7])] }
        guard case .addresses(let found) = try look(loop, servers: [server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found == [SocketAddress(numeric: "192.0.2.7", port: 8180)])
        #expect(server.questions.count == 2, "Both kinds of address are asked for.")
    }

    @Test func theFirstOfSeveralServersThatAnswersIsBelieved() throws {
        let loop = try EventLoop()
        let mute = try SimulatedNameServer(loop) { _ in [] }
        let server = try SimulatedNameServer(loop) { [SimulatedNameServer.found($0, [192, 0, 2, 8])] }
        guard case .addresses(let found) = try look(loop, servers: [mute.address, server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found.map(\.description) == ["192.0.2.8:8180"])
    }

    /// Addresses of IPv6, 2001:db8::1 and on, or none for a question for the other kind.
    private static func six(_ question: [UInt8], _ count: UInt8) -> [UInt8] {
        guard question[question.count - 3] == 28 else { return SimulatedNameServer.found(question) }
        var bytes = question
        (bytes[2], bytes[3], bytes[7]) = (0x81, 0x80, count)
        for last in 1...count {
            let address = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [last]
            bytes += [0xC0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16] + address
        }
        return bytes
    }

    /// The one of IPv4 may be dead, or the network may have IPv6 alone.
    @Test func anAddressOfIPv6ThatComesAfterThatOfIPv4IsToldToo() throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { question in
            question[question.count - 3] == 28
                ? [Self.six(question, 1)] : [SimulatedNameServer.found(question, [192, 0, 2, 7])]
        }
        guard case .addresses(let found) = try look(loop, servers: [server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found.map(\.description) == ["192.0.2.7:8180", "[2001:db8::1]:8180"])
    }

    @Test(arguments: [UInt8(1), 28]) func whatNeverComesOfTheOtherKindIsNotWaitedForLong(kind: UInt8) throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { question in
            guard question[question.count - 3] == kind else { return [] }
            return [kind == 28 ? Self.six(question, 1) : SimulatedNameServer.found(question, [192, 0, 2, 7])]
        }
        let begun = EventLoop.uptime()
        guard case .addresses(let found) = try look(loop, servers: [server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found.count == 1)
        #expect(EventLoop.uptime() - begun < .seconds(3), "A silent server has five.")
    }

    /// Both kinds are told by one of them: the other one has nothing to add that would be worth its five seconds.
    @Test func aServerThatIsDeadIsNotWaitedForWhereTheOtherOneHasToldAll() throws {
        let loop = try EventLoop()
        let mute = try SimulatedNameServer(loop) { _ in [] }
        let server = try SimulatedNameServer(loop) { [Self.six($0, 1)] }
        let begun = EventLoop.uptime()
        guard case .addresses(let found) = try look(loop, servers: [mute.address, server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found.map(\.description) == ["[2001:db8::1]:8180"])
        #expect(EventLoop.uptime() - begun < .seconds(3))
    }

    /// Whoever dials tries the first few only, and the network may have one kind of address: those of IPv6 come first here, and from both servers.
    @Test func addressesOfBothKindsTakeTurnsEachOfThemOnce() throws {
        let loop = try EventLoop()
        var answered = 0
        func server() throws -> SimulatedNameServer {
            var withheld: [UInt8]?
            return try SimulatedNameServer(loop) { question in
                guard question[question.count - 3] == 28 else {
                    withheld = question
                    return []
                }
                answered += 1
                // The address of IPv4 is told last of all, by the second server.
                let four = SimulatedNameServer.found(withheld ?? [], [192, 0, 2, 7])
                return answered == 2 ? [Self.six(question, 4), four] : [Self.six(question, 4)]
            }
        }
        let servers = [try server(), try server()]
        guard case .addresses(let found) = try look(loop, servers: servers.map(\.address)) else {
            Issue.record("no address")
            return
        }
        #expect(found.first == SocketAddress(numeric: "192.0.2.7", port: 8180))
        #expect(found.count == 5 && Set(found).count == 5)
    }

    @Test func answersToOtherQuestionsAreLeftUnread() throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { question in
            var forged = SimulatedNameServer.found(question, [203, 0, 113, 66])
            forged[0] ^= 0xFF
            let other = SimulatedNameServer.found(question, [203, 0, 113, 67]).map { $0 == 0x63 ? 0x64 : $0 }
            return [forged, [], [1, 2, 3], other, SimulatedNameServer.found(question, [192, 0, 2, 9])]
        }
        guard case .addresses(let found) = try look(loop, servers: [server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found.map(\.description) == ["192.0.2.9:8180"])
    }

    @Test func aNameThatDoesNotExistIsNoSilence() throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { question in
            var bytes = question
            (bytes[2], bytes[3]) = (0x81, 0x83)
            return [bytes]
        }
        guard case .none(let words) = try look(loop, servers: [server.address]) else {
            Issue.record("not told")
            return
        }
        #expect(words == "there is no csms.example")
    }

    /// What a server does that limits how often it answers, and for the other kind there is nothing.
    private static func cut(_ question: [UInt8]) -> [UInt8] {
        var bytes = SimulatedNameServer.found(question)
        if question[question.count - 3] == 1 { bytes[2] |= 0x02 }
        return bytes
    }

    @Test func anAnswerThatWasCutOffIsAskedForAgain() throws {
        let loop = try EventLoop()
        var asked = 0
        let server = try SimulatedNameServer(loop) { question in
            asked += 1
            return [asked <= 2 ? Self.cut(question) : SimulatedNameServer.found(question, [192, 0, 2, 7])]
        }
        guard case .addresses(let found) = try look(loop, servers: [server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found.map(\.description) == ["192.0.2.7:8180"])
        #expect(asked == 3)
    }

    @Test func oneThatIsAlwaysCutOffIsNotTakenForANameWithoutAnAddress() throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { [Self.cut($0)] }
        guard case .none(let words) = try look(loop, servers: [server.address]) else {
            Issue.record("not told")
            return
        }
        #expect(words == "the answer of a name server was cut off, without an address")
        #expect(server.questions.count == 3)
    }

    /// Names that somebody has blocked are answered so; whatever listens on this machine would pass for the central system.
    @Test(arguments: [[0, 0, 0, 0], [224, 0, 0, 1], [255, 255, 255, 255]] as [[UInt8]])
    func anAddressOfNoMachineIsNone(address: [UInt8]) throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { [SimulatedNameServer.found($0, address)] }
        guard case .none(let words) = try look(loop, servers: [server.address]) else {
            Issue.record("not told")
            return
        }
        let text = address.map { "\($0)" }.joined(separator: ".")
        #expect(words == "name servers answer with \(text):8180, which leads to no other machine")
        let mixed = try SimulatedNameServer(loop) { [SimulatedNameServer.found($0, address, [192, 0, 2, 7])] }
        guard case .addresses(let found) = try look(loop, servers: [mixed.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found.map(\.description) == ["192.0.2.7:8180"])
    }

    @Test func anInterfaceThatIsNotThereIsSaidAtOnce() throws {
        let loop = try EventLoop()
        let outcome = try look(loop, servers: [.loopback(port: 53)], interface: "nowhere0")
        guard case .unreachable = outcome else {
            Issue.record("not told")
            return
        }
    }

    @Test func whatIsNoNameOfAHostIsNotAskedFor() throws {
        let loop = try EventLoop()
        guard case .unreachable = try look(loop, servers: [.loopback(port: 53)], name: "a..b") else {
            Issue.record("not told")
            return
        }
    }

    @Test func aLookUpThatIsNotWantedAnyMoreSaysNothing() throws {
        let loop = try EventLoop()
        var isAsked = false
        let server = try SimulatedNameServer(loop) { question in
            isAsked = true
            return [SimulatedNameServer.found(question, [192, 0, 2, 7])]
        }
        let lookup = NameLookup("csms.example", port: 1, servers: [server.address], interface: "lo", loop: loop) { _ in
            Issue.record("told")
        }
        lookup.cancel()
        let second = try look(loop, servers: [server.address])
        guard case .addresses = second else {
            Issue.record("no address")
            return
        }
        #expect(isAsked)
    }
}
