import EventLoop
import Glibc
import NameServers
import Primitives
import Testing

/// Over real sockets, through the loopback interface.
@Suite struct NameLookupTests {
    /// A name server on a port of its own.
    private final class Server {
        let address: SocketAddress
        private(set) var questions: [[UInt8]] = []
        private let descriptor: Int32
        private let loop: EventLoop
        private var watch: Watch?

        /// `reply`: all that is sent back for a question.
        init(_ loop: EventLoop, reply: @escaping ([UInt8]) -> [[UInt8]]) throws {
            self.loop = loop
            let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            self.descriptor = descriptor
            var here = sockaddr_in()
            here.sin_family = sa_family_t(AF_INET)
            here.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &here) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                }
            }
            try #require(isBound)
            address = .loopback(port: UInt16(bigEndian: here.sin_port))
            watch = loop.watch(descriptor: descriptor, for: "questions") { [unowned self] _ in answer(reply) }
        }

        deinit {
            if let watch { loop.unwatch(watch) }
            close(descriptor)
        }

        private func answer(_ reply: ([UInt8]) -> [[UInt8]]) {
            var buffer = [UInt8](repeating: 0, count: 512)
            var from = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &from) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { from in
                    let count = recvfrom(descriptor, &buffer, buffer.count, 0, from, &length)
                    guard count > 0 else { return }
                    questions.append(Array(buffer.prefix(count)))
                    for bytes in reply(Array(buffer.prefix(count))) {
                        sendto(descriptor, bytes, bytes.count, 0, from, length)
                    }
                }
            }
        }
    }

    /// What a name server says to a question: its address, where it is one for A.
    private static func found(_ question: [UInt8], _ address: [UInt8]) -> [UInt8] {
        let isA = question[question.count - 3] == 1
        var bytes = question
        (bytes[2], bytes[3], bytes[7]) = (0x81, 0x80, isA ? 1 : 0)
        return isA ? bytes + [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4] + address : bytes
    }

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
        let server = try Server(loop) { [Self.found($0, [192, 0, 2, 7])] }
        guard case .addresses(let found) = try look(loop, servers: [server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found == [SocketAddress(numeric: "192.0.2.7", port: 8180)])
        #expect(server.questions.count == 2, "Both kinds of address are asked for.")
    }

    @Test func theFirstOfSeveralServersThatAnswersIsBelieved() throws {
        let loop = try EventLoop()
        let mute = try Server(loop) { _ in [] }
        let server = try Server(loop) { [Self.found($0, [192, 0, 2, 8])] }
        guard case .addresses(let found) = try look(loop, servers: [mute.address, server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found.map(\.description) == ["192.0.2.8:8180"])
    }

    @Test func answersToOtherQuestionsAreLeftUnread() throws {
        let loop = try EventLoop()
        let server = try Server(loop) { question in
            var forged = Self.found(question, [203, 0, 113, 66])
            forged[0] ^= 0xFF
            let other = Self.found(question, [203, 0, 113, 67]).map { $0 == 0x63 ? 0x64 : $0 }
            return [forged, [], [1, 2, 3], other, Self.found(question, [192, 0, 2, 9])]
        }
        guard case .addresses(let found) = try look(loop, servers: [server.address]) else {
            Issue.record("no address")
            return
        }
        #expect(found.map(\.description) == ["192.0.2.9:8180"])
    }

    @Test func aNameThatDoesNotExistIsNoSilence() throws {
        let loop = try EventLoop()
        let server = try Server(loop) { question in
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
        let server = try Server(loop) { question in
            isAsked = true
            return [Self.found(question, [192, 0, 2, 7])]
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
