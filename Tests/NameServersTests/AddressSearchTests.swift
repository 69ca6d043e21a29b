import EventLoop
import NameServers
import SimulatedNameServer
import Testing

/// Who is asked for the central system's address, and who is believed.
@Suite struct AddressSearchTests {
    private static let ours = SocketAddress(numeric: "192.0.2.1", port: 80)
    private static let theirs = SocketAddress(numeric: "198.51.100.1", port: 80)

    /// `system`: what the system's resolver says, and how often it is asked.
    private func find(
        _ loop: EventLoop,
        servers: [SocketAddress],
        system: Result<[SocketAddress], ResolveError>
    ) throws -> (error: ResolveError?, found: [SocketAddress], systemWasAsked: Int) {
        var asked = 0
        let search = AddressSearch(loop) { _, _, completion in
            asked += 1
            loop.enqueue { completion(system) }
        }
        search.nameServers = (servers, "lo")
        var outcomes: [ResolveError?] = []
        search.find("csms.example", port: 80) { outcomes.append($0) }
        try loop.run(until: { !outcomes.isEmpty })
        #expect(outcomes.count == 1)
        return (outcomes[0], search.found, asked)
    }

    @Test func theNameServersOfTheNetworkAreBelieved() throws {
        let loop = try EventLoop()
        let server = try SimulatedNameServer(loop) { [SimulatedNameServer.found($0, [192, 0, 2, 1])] }
        let answer = try find(loop, servers: [server.address], system: .success([try #require(Self.theirs)]))
        #expect(answer.found == [try #require(Self.ours)])
        #expect(answer.systemWasAsked == 0)
    }

    /// However short the patience of who asked is: a second at least.
    @Test func whereTheyAreSilentTheSystemIsAskedLongBeforeTheyAreGivenUp() throws {
        let loop = try EventLoop()
        let mute = try SimulatedNameServer(loop) { _ in [] }
        let begun = EventLoop.uptime()
        let answer = try find(loop, servers: [mute.address], system: .success([try #require(Self.theirs)]))
        #expect(answer.error == nil)
        #expect(answer.found == [try #require(Self.theirs)])
        #expect(EventLoop.uptime() - begun < .seconds(5), "A look-up gives a silent server ten seconds.")
        #expect(!mute.questions.isEmpty)
    }

    @Test func whatTheyDoNotKnowTheSystemMayKnow() throws {
        let loop = try EventLoop()
        let ignorant = try SimulatedNameServer(loop) { question in
            var bytes = question
            (bytes[2], bytes[3]) = (0x81, 0x83)
            return [bytes]
        }
        let known = try find(loop, servers: [ignorant.address], system: .success([try #require(Self.theirs)]))
        #expect(known.found == [try #require(Self.theirs)])
        let error = ResolveError(host: "csms.example", code: -2)
        let unknown = try find(loop, servers: [ignorant.address], system: .failure(error))
        #expect(unknown.error == error)
        #expect(unknown.systemWasAsked == 1)
    }

    @Test func whatTheSystemKnowsIsNoAddressWhereItIsNoMachines() throws {
        let loop = try EventLoop()
        let ignorant = try SimulatedNameServer(loop) { [SimulatedNameServer.unknown($0)] }
        let nowhere = try #require(SocketAddress(numeric: "0.0.0.0", port: 80))
        let theirs = try #require(Self.theirs)
        #expect(try find(loop, servers: [ignorant.address], system: .success([nowhere])).error != nil)
        #expect(try find(loop, servers: [ignorant.address], system: .success([nowhere, theirs])).found == [theirs])
    }

    @Test func aServerThatAnswersAfterTheSystemHasFailedIsHeard() throws {
        let loop = try EventLoop()
        // The first question of each kind is lost.
        var heard = 0
        let server = try SimulatedNameServer(loop) { question in
            heard += 1
            return heard <= 2 ? [] : [SimulatedNameServer.found(question, [192, 0, 2, 1])]
        }
        let error = ResolveError(host: "csms.example", code: -3)
        let answer = try find(loop, servers: [server.address], system: .failure(error))
        #expect(answer.error == nil)
        #expect(answer.found == [try #require(Self.ours)])
        #expect(answer.systemWasAsked == 1)
    }

    /// Its address stands in `/etc/hosts`, and the network's name servers know another one, which leads nowhere.
    @Test func anAnswerOfWhichNothingCameIsNotTheOnlyOneForEver() throws {
        let loop = try EventLoop()
        let ours = try #require(Self.ours)
        let theirs = try #require(Self.theirs)
        let liar = try SimulatedNameServer(loop) { [SimulatedNameServer.found($0, [192, 0, 2, 1])] }
        let search = AddressSearch(loop) { _, _, completion in loop.enqueue { completion(.success([theirs])) } }
        search.nameServers = ([liar.address], "lo")
        func find() throws -> [SocketAddress] {
            var isDone = false
            search.find("csms.example", port: 80) { _ in isDone = true }
            try loop.run(until: { isDone })
            return search.found
        }
        #expect(try find() == [ours])
        #expect(try find() == [theirs])
        search.worked()
        search.nameServers = ([liar.address], "lo")
        #expect(try find() == [theirs], "What worked is asked first.")
        #expect(try find() == [ours])
        #expect(try find() == [theirs])
        let other = try SimulatedNameServer(loop) { [SimulatedNameServer.found($0, [192, 0, 2, 1])] }
        search.nameServers = ([other.address], "lo")
        #expect(try find() == [ours], "Other name servers are heard first.")
    }
}
